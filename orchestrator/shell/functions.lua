#!lua name=helios_v1
-- SPDX-License-Identifier: MPL-2.0
-- Everything that writes in Redis for a realm. Each function checks everything first, then writes: nothing rolls back
-- here. Epochs, sequence numbers and digests are compared as strings, because numbers are doubles in Lua.
-- A change here gets a new VERSION; one that old callers cannot live with gets a new library and new names.
local VERSION = '2'

local CHUNK = 7000 -- values handed to unpack at once; even, and under Lua's limit of 8000

-- run_all calls COMMAND KEY args[from] … args[from+n-1], in pieces that unpack can take.
local function run_all(command, key, args, from, n)
    while n > 0 do
        local piece = math.min(n, CHUNK)
        redis.call(command, key, unpack(args, from, from + piece - 1))
        from, n = from + piece, n - piece
    end
end

local function key_is(key, kind)
    local is = redis.call('TYPE', key).ok
    return is == kind or is == 'none'
end

-- check_leader answers an error when the caller does not lead: FENCED when another one does, GAP when the lease is gone.
local function check_leader(lease, epoch)
    local now = redis.call('HGET', lease, 'epoch')
    if not now then
        return redis.error_reply('GAP there is no lease')
    elseif now ~= epoch then
        return redis.error_reply('FENCED epoch ' .. epoch .. ' is over, it is ' .. now)
    end
end

-- check_place answers DUP, an error, or nothing when the commit is the next one (C2).
local function check_place(pos, epoch, prev, seq, digest)
    local now = redis.call('HMGET', pos, 'seq', 'digest', 'epoch')
    local last = now[1] or '0'
    if last == prev then
        return nil
    elseif last == seq and now[2] == digest and now[3] == epoch then
        return redis.status_reply('DUP')
    end
    return redis.error_reply('GAP the last commit is ' .. last .. ', not ' .. prev)
end

-- read_groups finds each hash's part of the arguments: {key, first set, n of set values, first drop, n of drops}.
local function read_groups(keys, args, at)
    local groups = {}
    for i = 4, #keys do
        local sets = tonumber(args[at])
        if not sets then return nil end
        local drops = tonumber(args[at + 1 + 2 * sets])
        if not drops then return nil end
        groups[#groups + 1] = {keys[i], at + 1, 2 * sets, at + 2 + 2 * sets, drops}
        at = at + 2 + 2 * sets + drops
    end
    if at ~= #args + 1 then return nil end
    return groups
end

-- KEYS pos lease history hash…
-- ARGV epoch prev seq digest maxlen, n entry…, and for each hash: n_set (id value)… n_drop id…
local function commit(keys, args)
    local pos, lease, history = keys[1], keys[2], keys[3]
    local epoch, prev, seq, digest, maxlen = args[1], args[2], args[3], args[4], args[5]
    local refusal = check_leader(lease, epoch) or check_place(pos, epoch, prev, seq, digest)
    if refusal then return refusal end
    local entries = tonumber(args[6]) or 0
    local groups = read_groups(keys, args, 7 + entries)
    if not groups then return redis.error_reply('MALFORMED the groups do not add up') end
    if not key_is(history, 'stream') then return redis.error_reply('MALFORMED the history is no stream') end
    for _, group in ipairs(groups) do
        if not key_is(group[1], 'hash') then return redis.error_reply('MALFORMED no hash: ' .. group[1]) end
    end

    for i = 7, 6 + entries do
        redis.call('XADD', history, 'MAXLEN', '~', maxlen, '*', 'e', args[i])
    end
    for _, group in ipairs(groups) do -- what is in both was dropped and made anew
        run_all('HDEL', group[1], args, group[4], group[5])
        run_all('HSET', group[1], args, group[2], group[3])
    end
    redis.call('HSET', pos, 'epoch', epoch, 'seq', seq, 'digest', digest)
    return redis.status_reply('OK')
end

-- KEYS lease   ARGV the holder, epoch and renew that were seen; the new holder and epoch (L1: compare and set)
local function lead(keys, args)
    local now = redis.call('HMGET', keys[1], 'holder', 'epoch', 'renew')
    for i = 1, 3 do
        if (now[i] or '') ~= args[i] then return redis.error_reply('TAKEN the lease has changed') end
    end
    redis.call('HSET', keys[1], 'holder', args[4], 'epoch', args[5], 'renew', '0')
    return redis.status_reply('OK')
end

-- KEYS lease   ARGV epoch, field, value: the leader alone changes its lease
local function change_lease(field)
    return function(keys, args)
        local refusal = check_leader(keys[1], args[1])
        if refusal then return refusal end
        redis.call('HSET', keys[1], field, args[2])
        return redis.status_reply('OK')
    end
end

redis.register_function{function_name = 'helios_version', callback = function() return VERSION end, flags = {'no-writes'}}
redis.register_function('helios_commit', commit)
-- A full memory must not cost the leader its lease: these write a few bytes that were there before.
redis.register_function{function_name = 'helios_lead', callback = lead, flags = {'allow-oom'}}
redis.register_function{function_name = 'helios_renew', callback = change_lease('renew'), flags = {'allow-oom'}}
redis.register_function{function_name = 'helios_hand_over', callback = change_lease('holder'), flags = {'allow-oom'}}

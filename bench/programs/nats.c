/* SPDX-License-Identifier: MPL-2.0 */
/* NATS JetStream as a task queue: a work-queue stream in files, tasks published in a window of acknowledgements, workers that fetch 100
 * tasks and acknowledge each after its result; results are published outside of any stream.
 *
 *   helios-bench-nats URL N WORKERS     prints tasks/s */
#include <nats/nats.h>
#include <stdlib.h>
#include <unistd.h>

#include "measure.h"

enum { FETCH = 100, WINDOW = 4000, PENDING_MOST = 10000, PATIENCE_MS = 60000 };

static const char *url;
static int results_ready[2]; /* a pipe: the client publishes when somebody listens to results */

static void good(natsStatus s)
{
    if (s != NATS_OK)
        die(natsStatus_GetText(s));
}

static natsConnection *connect_here(void)
{
    natsConnection *c;
    natsOptions *o;
    good(natsOptions_Create(&o));
    good(natsOptions_SetURL(o, url));
    good(natsOptions_SetSendAsap(o, true));
    good(natsConnection_Connect(&c, o));
    natsOptions_Destroy(o);
    return c;
}

static jsCtx *stream_of(natsConnection *c, jsOptions *options)
{
    jsCtx *js;
    good(natsConnection_JetStream(&js, c, options));
    return js;
}

/* The library has threads, which do not outlive a fork: whoever makes the stream is a process of its own. */
static void make_stream(void)
{
    jsCtx *js = stream_of(connect_here(), NULL);
    jsErrCode why;
    js_DeleteStream(js, "tasks", NULL, &why);
    const char *subjects[] = {"tasks"};
    jsStreamConfig stream;
    jsStreamConfig_Init(&stream);
    stream.Name = "tasks";
    stream.Subjects = subjects;
    stream.SubjectsLen = 1;
    stream.Storage = js_FileStorage;
    stream.Retention = js_WorkQueuePolicy;
    good(js_AddStream(NULL, js, &stream, NULL, &why));
    jsConsumerConfig consumer;
    jsConsumerConfig_Init(&consumer);
    consumer.Durable = "workers";
    consumer.AckPolicy = js_AckExplicit;
    consumer.MaxAckPending = PENDING_MOST;
    good(js_AddConsumer(NULL, js, "tasks", &consumer, NULL, &why));
}

static void work(int worker)
{
    (void)worker;
    natsConnection *c = connect_here();
    natsSubscription *s;
    jsErrCode why;
    good(js_PullSubscribe(&s, stream_of(c, NULL), "tasks", "workers", NULL, NULL, &why));
    for (;;) {
        natsMsgList tasks;
        if (natsSubscription_Fetch(&tasks, s, FETCH, 1000, &why) != NATS_OK)
            continue;
        for (int i = 0; i < tasks.Count; i++) {
            natsMsg *t = tasks.Msgs[i];
            good(natsConnection_Publish(c, "results", natsMsg_GetData(t), natsMsg_GetDataLength(t)));
            good(natsMsg_Ack(t, NULL));
        }
        natsMsgList_Destroy(&tasks);
    }
}

static void submit(long n)
{
    char task[TASK_BYTES + 1];
    jsOptions options;
    jsOptions_Init(&options);
    options.PublishAsync.MaxPending = WINDOW;
    if (read(results_ready[0], task, 1) != 1)
        die("nobody listens");
    jsCtx *js = stream_of(connect_here(), &options);
    for (long i = 0; i < n; i++) {
        write_task(task, i);
        good(js_PublishAsync(js, "tasks", task, TASK_BYTES, NULL));
    }
    jsPubOptions end;
    jsPubOptions_Init(&end);
    end.MaxWait = PATIENCE_MS;
    good(js_PublishAsyncComplete(js, &end));
}

static void take(long n)
{
    natsConnection *c = connect_here();
    natsSubscription *s;
    good(natsConnection_SubscribeSync(&s, c, "results"));
    good(natsSubscription_SetPendingLimits(s, -1, -1));
    good(natsConnection_Flush(c));
    if (write(results_ready[1], "", 1) != 1)
        die("the client is gone");
    for (long got = 0; got < n; got++) {
        natsMsg *m;
        good(natsSubscription_NextMsg(&m, s, PATIENCE_MS));
        natsMsg_Destroy(m);
    }
}

int main(int argc, char **argv)
{
    if (argc != 4 || atol(argv[2]) < 1 || pipe(results_ready) < 0)
        die("usage: helios-bench-nats URL N WORKERS");
    url = argv[1];
    alarm(WATCHDOG_S);
    run_child(make_stream);
    start_workers(atoi(argv[3]), work);
    run_flow(atol(argv[2]), submit, take);
    kill_workers();
    return 0;
}

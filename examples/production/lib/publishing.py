# SPDX-License-Identifier: MPL-2.0
"""publishing owns the batch: which approved videos wait, and giving them to the publisher one by one."""

import os
import time

from . import action, places, publisher_api


def queue(identity, video):
    """queue keeps an approved video until it is uploaded."""
    path = places.home("approved", identity + ".json")
    if not os.path.exists(places.home("published", identity + ".json")):
        places.write_json(path, {"id": identity, "approved": int(time.time()), **video})


def waiting(_params):
    """waiting lists the approved videos, oldest first: {videos: [id…]}."""
    folder = places.home("approved")
    names = os.listdir(folder) if os.path.isdir(folder) else []
    found = [places.read_json(os.path.join(folder, name)) for name in names if name.endswith(".json")]
    found.sort(key=lambda video: (video["approved"], video["id"]))
    return {"videos": [video["id"] for video in found], "count": len(found)}


def described(video):
    """described is what people read below the video."""
    topic = video["topic"].replace("-", " ")
    return f"A lesson of {video['seconds']:.0f} seconds about {topic}, with captions. Part of: {video['branch']}."


def upload(params):
    """upload gives one video to the publisher; a video that is there already is not uploaded again."""
    identity = params["id"]
    path = places.home("approved", identity + ".json")
    video = places.read_json(path)
    if video is None:
        done = places.read_json(places.home("published", identity + ".json"))
        if done is None:
            raise action.Wrong(f"no approved video {identity}")
        return {"id": identity, "url": done["url"]}
    about = {"topic": video["topic"], "branch": video["branch"], "seconds": video["seconds"],
             "opening": video["opening"], "score": video["score"], "description": described(video),
             "titles": {name: v["title"] for name, v in video["variants"].items()}}
    url = publisher_api.upload(identity, about, video["video"],
                               {name: v["thumbnail"] for name, v in video["variants"].items()})
    places.write_json(places.home("published", identity + ".json"), {**video, "url": url, "published": int(time.time())})
    os.unlink(path)
    return {"id": identity, "url": url}

// GET /events with whatever credential its listener has; frames are read as scenarios read them.
import { request } from "node:http";

import { Feed } from "../scenario/house.mjs";

export class Stream {
  rest = "";
  read = Feed.prototype.read;

  // `heard` is called with each event; `ended` is settled when the house or close() ends it.
  constructor(origin, { headers, lastEventId, heard }) {
    this.events = { push: heard };
    this.lastEventId = lastEventId;
    this.ended = new Promise((resolve) => {
      this.req = request(`${origin}/api/v1/events`, { agent: false, headers: { ...headers, accept: "text/event-stream",
        ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }) } });
      this.req.on("error", resolve);
      this.req.on("response", (res) => {
        res.setEncoding("utf8");
        res.on("data", (text) => this.read(text));
        res.on("error", resolve);
        res.on("end", resolve);
      });
      this.req.end();
    });
  }

  close() {
    this.req.destroy();
  }
}

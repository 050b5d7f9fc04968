// Live events: each becomes `live:<topic>` on the body, for hx-trigger="live:invoice.issued from:body".
(() => {
  const address = document.currentScript?.dataset.events;
  if (!address || !window.EventSource) return;
  let source = null;
  let last = "";

  const hear = (message) => {
    last = message.lastEventId || last;
    const event = JSON.parse(message.data);
    const detail = { id: event.id, key: event.key, at: event.at, ...event.payload };
    document.body.dispatchEvent(new CustomEvent(`live:${event.topic}`, { bubbles: true, detail }));
  };

  const open = () => {
    if (source && source.readyState !== EventSource.CLOSED) return;
    const place = last ? `?after=${encodeURIComponent(last)}` : "";
    source = new EventSource(address + place, { withCredentials: true });
    source.onmessage = hear;
  };

  const close = () => {
    source?.close();
    source = null;
  };

  // A hidden page listens to nothing: browsers allow few connections to a host.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  window.addEventListener("pagehide", close);
  if (!document.hidden) open();
})();

// What textual-serve's script leaves open: when it starts, who has the keys, whether anybody is still there, and why a
// page has ended.
"use strict";
{
  const ASK_MS = 1000;
  const SILENT_MS = 4000; // a page whose monitor says nothing for so long is not live

  const mark = (name, holds) => document.body.classList.toggle(name, holds);

  // Asks the monitor whether it is there. What counts is how long a question has been open: a hidden page asks seldom.
  const watch = (socket) => {
    let asked = 0;
    const asking = setInterval(() => {
      const now = performance.now();
      if (asked) {
        mark("-silent", now - asked > SILENT_MS);
      } else {
        asked = now;
        socket.send(JSON.stringify(["ping", String(Date.now())]));
      }
    }, ASK_MS);
    socket.addEventListener("message", () => {
      asked = 0;
      mark("-silent", false);
    });
    socket.addEventListener("close", (event) => {
      clearInterval(asking);
      mark("-silent", false);
      if (event.reason) document.getElementById("why").textContent = event.reason;
      document.getElementById("again").focus();
    });
  };

  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...address) {
      super(...address);
      this.addEventListener("open", () => {
        watch(this);
        document.querySelector("#terminal textarea").focus(); // keys do something without a click
      });
    }

    // What is said before the connection is open, or after it has closed, nobody hears.
    send(message) {
      if (this.readyState === Socket.OPEN) super.send(message);
    }
  };

  // What a device calls itself may look like a link. Nothing here opens another page.
  window.open = () => null;

  const start = window.onload;
  window.onload = async (event) => {
    document.getElementById("again").onclick = () => window.location.reload();
    // A terminal measures its letters once, when it opens.
    await document.fonts.load("16px 'Roboto Mono'").catch(() => undefined);
    start(event);
  };
}

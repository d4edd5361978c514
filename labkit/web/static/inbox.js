// The inbox: files dropped or chosen go to the importer, and the cards are drawn afresh.
"use strict";

(() => {
  const form = document.querySelector("#upload");
  if (!form) return;
  const { call, say, refresh } = window.labkit;
  const drop = document.querySelector("#drop");
  const input = document.querySelector("#files");
  const says = document.querySelector("#upload-says");
  const refusedList = document.querySelector("#refused");
  const MOST_BYTES = Number(form.dataset.mostBytes ?? 200e6);

  function showRefused(rows) {
    refusedList.replaceChildren(
      ...rows.map((row) => {
        const line = document.createElement("li");
        line.className = "note bad";
        line.textContent = row.error;
        return line;
      }),
    );
  }

  async function send(list) {
    const files = [...list];
    if (files.length === 0) return;
    const large = files.filter((file) => file.size > MOST_BYTES);
    const body = new FormData(form);
    body.delete("files");
    for (const name of ["pellet", "temperature"]) {
      if (!body.get(name)) body.delete(name);
    }
    const refused = large.map((file) => ({
      error: `${file.name}: larger than the ${Math.round(MOST_BYTES / 1e6)} MB this server takes`,
    }));
    const kept = files.filter((file) => file.size <= MOST_BYTES);
    for (const file of kept) body.append("files", file, file.name);
    showRefused(refused);
    if (kept.length === 0) return;
    say(says, `reading ${kept.length} ${kept.length === 1 ? "file" : "files"} …`);
    try {
      const report = await call("POST", "/api/files", body);
      showRefused([...refused, ...report.refused]);
      say(says, report.summary, report.refused.length ? "" : "good");
    } catch (error) {
      showRefused([...refused, ...(error.body?.refused ?? [])]);
      say(says, error.body?.summary ?? error.message, "bad");
    }
    input.value = "";
    await refresh("#cards", "#counts");
  }

  input.addEventListener("change", () => send(input.files));
  for (const kind of ["dragenter", "dragover"]) {
    document.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    send(event.dataTransfer?.files ?? []);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
})();

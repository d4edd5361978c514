// Calls of the API, and what every page needs: messages, dialogs, fresh parts of a page.
"use strict";

window.labkit = (() => {
  const csrf = () => document.body.dataset.csrf ?? "";

  class Refused extends Error {
    constructor(status, line, body) {
      super(line);
      this.status = status;
      this.body = body;
    }
  }

  async function call(method, path, body, options = {}) {
    const headers = { "X-Labkit-CSRF": csrf(), Accept: "application/json" };
    let content = body;
    if (body !== undefined && !(body instanceof FormData)) {
      headers["Content-Type"] = "application/json";
      content = JSON.stringify(body);
    }
    let response;
    try {
      response = await fetch(path, {
        method,
        headers,
        body: content,
        signal: options.signal,
        credentials: "same-origin",
      });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Refused(0, "the server does not answer; is labkit serve still running?");
    }
    if (response.status === 204) return null;
    let answer = null;
    try {
      answer = await response.json();
    } catch {
      throw new Refused(response.status, `the server answered ${response.status} without a reason`);
    }
    if (!response.ok) {
      const line = answer.error ?? answer.refused?.map((one) => one.error).join("; ");
      throw new Refused(response.status, line ?? `refused (${response.status})`, answer);
    }
    return answer;
  }

  function say(place, line, kind = "") {
    const target = typeof place === "string" ? document.querySelector(place) : place;
    if (!target) return;
    target.textContent = line;
    target.className = `says ${kind}`;
  }

  async function refresh(...selectors) {
    const response = await fetch(window.location.href, { credentials: "same-origin" });
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const selector of selectors) {
      const [mine, theirs] = [document.querySelector(selector), fresh.querySelector(selector)];
      if (mine && theirs) mine.replaceWith(theirs);
    }
    document.dispatchEvent(new Event("labkit-refreshed"));
  }

  function data(id) {
    const place = document.getElementById(id);
    return place ? JSON.parse(place.textContent) : null;
  }

  function fields(form) {
    const found = {};
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && value.trim() !== "") found[name] = value.trim();
    }
    return found;
  }

  // A form with data-api sends its fields as JSON and then goes where data-then says.
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-api]");
    if (!form) return;
    event.preventDefault();
    const button = event.submitter;
    const place = form.querySelector(".says");
    const body = fields(form);
    for (const name of (form.dataset.numbers ?? "").split(" ").filter(Boolean)) {
      if (body[name] !== undefined) body[name] = Number(body[name]);
    }
    for (const name of (form.dataset.lists ?? "").split(" ").filter(Boolean)) {
      body[name] = (body[name] ?? "").split(/[\s,;]+/).filter(Boolean);
    }
    if (button) button.disabled = true;
    say(place, "…");
    try {
      const address = button?.dataset.api ?? form.dataset.api;
      const answer = await call(form.dataset.method ?? "POST", address, body);
      form.dispatchEvent(new CustomEvent("labkit-done", { detail: { answer, button }, bubbles: true }));
      say(place, form.dataset.done ?? "done", "good");
      form.closest("dialog")?.close();
      const then = form.dataset.then;
      if (then === "reload") window.location.reload();
      else if (then?.startsWith("#")) await refresh(...then.split(" "));
      else if (then) window.location.assign(then.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(answer[name])));
    } catch (error) {
      say(place, error.message, "bad");
      form.dispatchEvent(new CustomEvent("labkit-refused", { detail: error, bubbles: true }));
    } finally {
      if (button) button.disabled = false;
    }
  });

  document.addEventListener("click", (event) => {
    const opener = event.target.closest?.("[data-dialog]");
    if (opener) document.querySelector(opener.dataset.dialog)?.showModal();
    if (event.target.closest?.("[data-close]")) event.target.closest("dialog")?.close();
    const out = event.target.closest?.("[data-sign-out]");
    if (out) call("DELETE", "/api/session").finally(() => window.location.assign("/sign-in"));
  });

  return { call, say, refresh, data, Refused };
})();

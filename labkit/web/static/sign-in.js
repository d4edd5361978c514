// Exchanges a token for a session and goes on to the page that was asked for.
"use strict";

document.querySelector("#sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const says = event.target.querySelector(".says");
  try {
    await window.labkit.call("POST", "/api/session", { token: event.target.token.value.trim() });
    const next = new URLSearchParams(window.location.search).get("next") ?? "/";
    window.location.assign(/^\/(?![/\\])/.test(next) ? next : "/");
  } catch (error) {
    window.labkit.say(says, error.message, "bad");
  }
});

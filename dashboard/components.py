"""Small browser parts that Streamlit has no widget for: a WebGL probe, "copy link", a cookie.

Their code is fixed text; nothing from data or links is ever put into it.
"""

from __future__ import annotations

import streamlit as st

_PROBE = """
export default function ({ setStateValue }) {
  let able = false;
  try {
    const canvas = document.createElement("canvas");
    able = Boolean(canvas.getContext("webgl") || canvas.getContext("experimental-webgl"));
  } catch (error) {
    able = false;
  }
  setStateValue("able", able);
}
"""

#: Keeps a token in a cookie, or reports the one that another tab has put there meanwhile.
_COOKIE = """
export default function ({ data, setStateValue }) {
  const start = data.name + "=";
  const held = () => document.cookie.split("; ").find((c) => c.startsWith(start));
  const token = (held() || "").slice(start.length) || data.token;
  const secure = window.location.protocol === "https:" ? "; Secure" : "";
  // Lax: no other site can make this browser send it along with a request of its own.
  document.cookie = start + token + "; Path=/; SameSite=Lax; Max-Age=" + data.seconds + secure;
  setStateValue("kept", held() ? token : "");
}
"""

_COPY_HTML = '<button type="button">Copy link to this view</button><span role="status"></span>'
_COPY_CSS = """
button {
  font: inherit; font-size: 0.875rem; width: 100%; min-height: 2.5rem; cursor: pointer;
  color: var(--st-text-color); background: var(--st-background-color);
  border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius);
}
button:hover, button:focus-visible {
  border-color: var(--st-primary-color); color: var(--st-primary-color); outline: none;
}
span { display: block; font-size: 0.8rem; overflow-wrap: anywhere; color: var(--st-text-color); }
"""
_COPY = """
export default function ({ parentElement }) {
  const button = parentElement.querySelector("button");
  const status = parentElement.querySelector("span");
  button.onclick = async () => {
    const link = window.location.href;
    try {
      await navigator.clipboard.writeText(link);
      status.textContent = "Copied. It opens exactly this view.";
    } catch (error) {
      // Without https or permission browsers refuse: show the link to be copied by hand.
      status.textContent = link;
    }
  };
}
"""


def webgl_able() -> bool | None:
    """Whether the visitor's browser offers WebGL; None until it has answered."""
    probe = st.components.v2.component("dmil_webgl_probe", js=_PROBE)
    answer = probe(key="webgl_probe", on_able_change=lambda: None).get("able")
    return None if answer is None else bool(answer)


def cookie(name: str, token: str, seconds: int) -> str | None:
    """Keep a token in the browser; returns the one it holds now, "" if it refuses cookies, and
    None until it has answered."""
    part = st.components.v2.component("dmil_cookie", js=_COOKIE)
    data = {"name": name, "token": token, "seconds": seconds}
    answer = part(key="cookie", data=data, on_kept_change=lambda: None).get("kept")
    return None if answer is None else str(answer)


def copy_link() -> None:
    """A button that copies the page's address, which holds everything that is chosen."""
    part = st.components.v2.component("dmil_copy_link", html=_COPY_HTML, css=_COPY_CSS, js=_COPY)
    part(key="copy_link")

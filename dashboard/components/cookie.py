"""A token that the browser keeps."""

from __future__ import annotations

import streamlit as st

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


def cookie(name: str, token: str, seconds: int) -> str | None:
    """Keep a token in the browser; returns the one it holds now, "" if it refuses cookies, and
    None until it has answered."""
    part = st.components.v2.component("dmil_cookie", js=_COOKIE)
    data = {"name": name, "token": token, "seconds": seconds}
    answer = part(key="cookie", data=data, on_kept_change=lambda: None).get("kept")
    return None if answer is None else str(answer)

"""Each tab of a browser has a conversation of its own, over loading the page again too.

The browser's localStorage (`browser_storage.py`) holds the newest conversation of all tabs, with which a visitor who
comes back later goes on. What a tab itself is at lies in its sessionStorage, under the same name; a new tab that opens
beside others begins anew.
"""

STORAGE_KEY = "lavic-chat"
ANSWERS_WITHIN = 150  # milliseconds in which another tab says that it is there

# Before the page's load event goes to the server: of what is stored, the conversation of this tab.
FIND_OWN = f"""async (session, stored, kept) => {{
    const own = sessionStorage.getItem('{STORAGE_KEY}');
    const channel = window.lavicTabs = new BroadcastChannel('{STORAGE_KEY}');
    let others = false;
    channel.onmessage = (event) => {{
        if (event.data === 'who is there?') channel.postMessage('I am');
        else others = true;
    }};
    if (own === null && stored) {{
        channel.postMessage('who is there?');
        await new Promise((done) => setTimeout(done, {ANSWERS_WITHIN}));
    }}
    let found = others ? null : stored;
    try {{ if (own !== null) found = JSON.parse(own); }} catch {{ found = null; }}
    return [session, found, kept];
}}"""

# From the page's being shown on, every change of the conversation is this tab's.
BEGIN = f"""(stored) => {{
    window.lavicShown = true;
    if (stored) sessionStorage.setItem('{STORAGE_KEY}', JSON.stringify(stored));
}}"""
NOTE = f"""(stored) => {{
    if (window.lavicShown && stored) sessionStorage.setItem('{STORAGE_KEY}', JSON.stringify(stored));
}}"""

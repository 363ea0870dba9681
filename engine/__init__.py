"""The engine: reading, mapping, matching, merging, planning and applying, with no HTTP, no Prefect and no clock."""

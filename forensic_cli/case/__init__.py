"""The examiner's case data: what no program can know, and every report needs."""

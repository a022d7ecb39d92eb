#include "asset/asset.h"

/* References are made by asset_store.c and mask_store.c: "asset:ID" of the original, "variant:ID"
 * of all smaller copies, "mask:ID". */
static const struct sql rules[] = {
    {.name = "check_i5_picture",
     .text = "SELECT 'picture ' || x.id || ' is not held: its bytes ' || x.blob || ' may go' AS"
             " what FROM (SELECT public_id AS id, blob FROM asset) x"
             " WHERE NOT EXISTS (SELECT 1 FROM blob_ref r WHERE r.sha256 = x.blob"
             " AND r.owner = 'asset:' || x.id) ORDER BY x.id LIMIT 10"  },
    {.name = "check_i5_variant",
     .text = "SELECT 'picture ' || x.id || ' is not held: the bytes ' || x.blob || ' of a smaller"
             " copy may go' AS what FROM (SELECT public_id AS id, thumb AS blob FROM asset"
             " UNION ALL SELECT public_id, medium FROM asset"
             " UNION ALL SELECT public_id, preview FROM asset"
             " UNION ALL SELECT public_id, working FROM asset) x"
             " WHERE x.blob IS NOT NULL AND x.blob <> ''"
             " AND NOT EXISTS (SELECT 1 FROM blob_ref r WHERE r.sha256 = x.blob"
             " AND r.owner = 'variant:' || x.id) ORDER BY x.id LIMIT 10"},
    {.name = "check_i5_mask",
     .text = "SELECT 'mask ' || x.id || ' is not held: its bytes ' || x.blob || ' may go' AS what"
             " FROM (SELECT public_id AS id, blob FROM mask) x"
             " WHERE NOT EXISTS (SELECT 1 FROM blob_ref r WHERE r.sha256 = x.blob"
             " AND r.owner = 'mask:' || x.id) ORDER BY x.id LIMIT 10"   },
    {.name = "check_i11_holder",
     .text = "SELECT 'blob ' || r.sha256 || ' is held by ' || r.owner || ', which is not there' AS"
             " what FROM blob_ref r WHERE CASE"
             " WHEN r.owner LIKE 'asset:%' THEN NOT EXISTS (SELECT 1 FROM asset a"
             " WHERE a.public_id = substr(r.owner, 7))"
             " WHEN r.owner LIKE 'variant:%' THEN NOT EXISTS (SELECT 1 FROM asset a"
             " WHERE a.public_id = substr(r.owner, 9))"
             " WHEN r.owner LIKE 'mask:%' THEN NOT EXISTS (SELECT 1 FROM mask m"
             " WHERE m.public_id = substr(r.owner, 6))"
             " ELSE 0 END ORDER BY r.sha256 LIMIT 10"                   },
};

bool asset_check(struct db *db, struct arena *arena, struct check_report *out, struct error *err)
{
    return check_apply_all(db, rules, COUNT(rules), arena, out, err);
}

"""An intent as one call."""

from alembic import op

revision = "0002"
down_revision = "0001"

# A photo to come is written and counted by one call, so that the busy counters are locked for no round trip to the
# service. Counters are locked in the order given, the same in every call; the first without room ends it all.
_INTEND_UPLOAD = """
CREATE FUNCTION intend_upload(
  kinds text[], subjects uuid[], photo_limits bigint[], byte_limits bigint[], new_id uuid, org uuid, event uuid,
  new_purpose text, file_name text, file_type text, file_bytes bigint, file_sha256 text, key text, sender_type text,
  sender uuid, sender_name text, new_receipt_hash text, new_request_key text, expiry timestamptz, check_time timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR n IN 1 .. cardinality(kinds) LOOP
    INSERT INTO usage AS kept (kind, subject, photos, bytes, photo_limit, byte_limit)
    SELECT kinds[n], subjects[n], 1, file_bytes, photo_limits[n], byte_limits[n]
    WHERE photo_limits[n] >= 1 AND byte_limits[n] >= file_bytes
    ON CONFLICT (kind, subject) DO UPDATE
      SET photos = kept.photos + 1, bytes = kept.bytes + excluded.bytes,
          photo_limit = excluded.photo_limit, byte_limit = excluded.byte_limit
      WHERE kept.photos < excluded.photo_limit AND kept.bytes + excluded.bytes <= excluded.byte_limit;
    IF NOT FOUND THEN
      RAISE EXCEPTION USING ERRCODE = 'MQ001', MESSAGE = kinds[n];
    END IF;
  END LOOP;
  INSERT INTO photos (id, org_id, event_id, purpose, status, name, content_type, announced_bytes, announced_sha256,
                      quarantine_key, uploader_type, uploader_id, uploader_name, receipt_hash, request_key,
                      counted_in, expires_at, check_at)
  VALUES (new_id, org, event, new_purpose, 'pending', file_name, file_type, file_bytes, file_sha256, key, sender_type,
          sender, sender_name, new_receipt_hash, new_request_key, kinds, expiry, check_time);
END $$
"""


def upgrade() -> None:
    """Makes the function."""
    op.execute(_INTEND_UPLOAD)

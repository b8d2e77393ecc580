-- The newest change time seen, in the source's own text.
ALTER TABLE streams ADD COLUMN watermark_text TEXT;

-- A ComfyUI account had one workflow of its own, the text of an option, which was the model "custom" whether there was
-- one or not.  Now it has several, each a model of that id: the one that is there becomes the first.
UPDATE provider SET options = json_set(options, '$.workflows',
        json_array(json_object('id', 'custom', 'graph', json_extract(options, '$.workflow'))))
    WHERE kind = 'comfyui' AND json_type(options, '$.workflow') = 'text'
        AND trim(json_extract(options, '$.workflow')) <> '';
DELETE FROM provider_model WHERE name = 'custom' AND provider_id IN
    (SELECT id FROM provider WHERE kind = 'comfyui' AND json_type(options, '$.workflows') IS NULL);
UPDATE provider SET options = json_remove(options, '$.workflow')
    WHERE kind = 'comfyui' AND json_type(options, '$.workflow') IS NOT NULL;

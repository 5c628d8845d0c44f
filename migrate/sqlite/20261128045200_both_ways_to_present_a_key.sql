-- A key may be presented as raw key or as pair; products that took raw keys alone, which was the default, take both.
UPDATE `products` SET `auth_types` = '["API_KEY","BASIC"]' WHERE `auth_types` = '["API_KEY"]';

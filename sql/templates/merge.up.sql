-- template: joins several heads into one; what migrate merge writes

-- A merge joins heads into one and changes nothing itself.

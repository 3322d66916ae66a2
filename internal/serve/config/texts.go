package config

import "encoding/json"

// Texts are one text or a list of them, which may be written either way.
type Texts []string

// UnmarshalYAML reads either.
func (t *Texts) UnmarshalYAML(read func(any) error) error {
	var one string
	if read(&one) == nil {
		*t = Texts{one}
		return nil
	}
	return read((*[]string)(t))
}

// UnmarshalJSON reads either.
func (t *Texts) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*t = Texts{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(t))
}

package wire

import "testing"

func alertCodec() codec[Alert] {
	return codec[Alert]{parse: ParseAlert, build: func(a Alert) []byte { return a.Append(nil) },
		valid: []string{"01 00", "02 28", "ff ff"},
		bad:   []bad{{"", "level", 0}, {"02", "description", 1}, {"02 28 00", "end", 2}}}
}

func TestAlert(t *testing.T) { alertCodec().test(t) }

func FuzzAlert(f *testing.F) { alertCodec().fuzz(f) }

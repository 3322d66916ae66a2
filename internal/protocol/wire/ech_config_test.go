package wire

import (
	"bytes"
	"testing"
)

const contents = "07 0020 0020 aa*32 0004 00010001 40 03 612e62 0000"

func eCHConfigContentsCodec() codec[ECHConfigContents] {
	return codec[ECHConfigContents]{
		parse: ParseECHConfigContents,
		build: func(c ECHConfigContents) []byte {
			var suites []HPKESuite
			for s := range c.Suites.All() {
				suites = append(suites, s)
			}
			c.Suites = NewHPKESuites(suites...)
			return c.Append(nil)
		},
		valid: []string{
			contents,
			"ff 6666 0001 aa 0008 00010001 11112222 00 01 61 0009 fada 0001 77 0001 0000",
		},
		bad: []bad{
			{"07 0020 0000", "public_key", 3},
			{"07 0020 0001 aa 0003 000100", "cipher_suites", 6},
			{"07 0020 0001 aa 0006 000100010001 40 01 61 0000", "cipher_suites", 6},
			{"07 0020 0001 aa 0004 00010001 40 00 0000", "public_name", 13},
			{"07 0020 0001 aa 0004 00010001 40 01 61 0003 000100", "extensions", 15},
		},
	}
}

func TestECHConfigContents(t *testing.T) { eCHConfigContentsCodec().test(t) }

func FuzzECHConfigContents(f *testing.F) { eCHConfigContentsCodec().fuzz(f) }

func eCHConfigListCodec() codec[ECHConfigs] {
	return codec[ECHConfigs]{
		parse: ParseECHConfigList,
		build: func(c ECHConfigs) []byte {
			var list ECHConfigs
			for version, contents := range c.All() {
				list = AppendECHConfig(list, version, contents)
			}
			return list.AppendList(nil)
		},
		valid: []string{
			"0036 fe0d 0032 " + contents,
			"003f badd 0005 0504030201 fe0d 0032 " + contents,
		},
		bad: []bad{
			{"0000", "configs", 0},
			{"0004 fe0d 0000", "config_id", 0},
			{"0005 fe0d 0001 07", "kem_id", 1},
		},
	}
}

func TestECHConfigList(t *testing.T) { eCHConfigListCodec().test(t) }

func FuzzECHConfigList(f *testing.F) { eCHConfigListCodec().fuzz(f) }

func TestECHConfig(t *testing.T) {
	b := unhex("fe0d 0032 " + contents)
	c, err := ParseECHConfig(b)
	if err != nil || c.ConfigID != 7 || c.KEM != 0x20 || c.MaximumNameLength != 0x40 || string(c.PublicName) != "a.b" {
		t.Errorf("%+v, %v", c, err)
	}
	if !c.Suites.Has(HPKESuite{1, 1}) || c.Suites.Has(HPKESuite{1, 2}) {
		t.Errorf("the suites are %x", c.Suites)
	}
	for n := range b {
		if _, err := ParseECHConfig(b[:n:n]); err == nil {
			t.Errorf("the first %d bytes are accepted", n)
		}
	}
	for _, wrong := range []string{"fe0c 0032 " + contents, "fe0d 0032 " + contents + "00"} {
		if _, err := ParseECHConfig(unhex(wrong)); err == nil {
			t.Errorf("%s is accepted", wrong)
		}
	}
	if got := AppendECHConfig(nil, ECHVersion, b[4:]); !bytes.Equal(got, b) {
		t.Errorf("%x", got)
	}
}

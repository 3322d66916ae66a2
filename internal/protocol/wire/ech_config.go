package wire

import "iter"

// ECHVersion is the version of the configurations of RFC 9849: the number of
// the extension.
const ECHVersion = 0xfe0d

// ECHConfigs is a list of configurations for encrypted_client_hello, as a view.
// RFC 9849, section 4:
//
//	struct {
//	    uint16 version;
//	    opaque contents<0..2^16-1>;             // ECHConfigContents for the version above
//	} ECHConfig;
//	ECHConfig ECHConfigList<4..2^16-1>;
type ECHConfigs []byte

// ParseECHConfigList reads a list of configurations. The contents of those of
// another version are not read.
func ParseECHConfigList(b []byte) (ECHConfigs, error) {
	r := NewReader("ECHConfigList", b)
	list := r.Vec(2, "configs", 4)
	if err := r.Done(); err != nil {
		return nil, err
	}
	configs := r.within(list)
	for !configs.Empty() {
		version, contents := configs.U16("version"), configs.Vec(2, "contents", 0)
		if version != ECHVersion || configs.err != nil {
			continue
		}
		if _, err := ParseECHConfigContents(contents); err != nil {
			return nil, err
		}
	}
	return list, configs.Done()
}

// AppendList appends the list with its length.
func (c ECHConfigs) AppendList(b []byte) []byte { return vec(b, 2, c) }

// All walks the configurations: the version of each, and its contents.
func (c ECHConfigs) All() iter.Seq2[uint16, []byte] {
	return func(yield func(uint16, []byte) bool) {
		for r := NewReader("", c); !r.Empty(); {
			if !yield(r.U16(""), r.Vec(2, "", 0)) {
				return
			}
		}
	}
}

// ParseECHConfig reads one configuration, which has to be of ECHVersion.
func ParseECHConfig(b []byte) (ECHConfigContents, error) {
	r := NewReader("ECHConfig", b)
	r.Check(r.U16("version") == ECHVersion, "version", "it is not fe0d")
	contents := r.Vec(2, "contents", 0)
	if err := r.Done(); err != nil {
		return ECHConfigContents{}, err
	}
	return ParseECHConfigContents(contents)
}

// AppendECHConfig appends one configuration.
func AppendECHConfig(b []byte, version uint16, contents []byte) []byte {
	return vec(u16(b, version), 2, contents)
}

// ECHConfigContents is RFC 9849, section 4:
//
//	struct {
//	    uint8 config_id;
//	    HpkeKemId kem_id;
//	    opaque public_key<1..2^16-1>;
//	    HpkeSymmetricCipherSuite cipher_suites<4..2^16-4>;
//	} HpkeKeyConfig;
//	struct {
//	    HpkeKeyConfig key_config;
//	    uint8 maximum_name_length;
//	    opaque public_name<1..255>;
//	    Extension extensions<0..2^16-1>;
//	} ECHConfigContents;
type ECHConfigContents struct {
	ConfigID          uint8
	KEM               uint16
	PublicKey         []byte
	Suites            HPKESuites
	MaximumNameLength uint8
	PublicName        []byte
	Extensions        Extensions // of a registry of their own
}

// HPKESuites is a list of pairs, as a view:
//
//	struct {
//	    HpkeKdfId kdf_id;
//	    HpkeAeadId aead_id;
//	} HpkeSymmetricCipherSuite;
type HPKESuites []byte

// HPKESuite is one of those pairs.
type HPKESuite struct{ KDF, AEAD uint16 }

// All walks the pairs.
func (l HPKESuites) All() iter.Seq[HPKESuite] {
	return func(yield func(HPKESuite) bool) {
		for ; len(l) >= 4; l = l[4:] {
			if !yield(HPKESuite{uint16(l[0])<<8 | uint16(l[1]), uint16(l[2])<<8 | uint16(l[3])}) {
				return
			}
		}
	}
}

// Has reports whether the pair is in the list.
func (l HPKESuites) Has(s HPKESuite) bool {
	for found := range l.All() {
		if found == s {
			return true
		}
	}
	return false
}

// NewHPKESuites makes a list.
func NewHPKESuites(suites ...HPKESuite) (l HPKESuites) {
	for _, s := range suites {
		l = u16(u16(l, s.KDF), s.AEAD)
	}
	return l
}

// ParseECHConfigContents reads the contents of a configuration.
func ParseECHConfigContents(body []byte) (c ECHConfigContents, err error) {
	r := NewReader("ECHConfigContents", body)
	c.ConfigID = r.U8("config_id")
	c.KEM = r.U16("kem_id")
	c.PublicKey = r.Vec(2, "public_key", 1)
	c.Suites = r.Vec(2, "cipher_suites", 4)
	r.Check(len(c.Suites)%4 == 0, "cipher_suites", "the length is not a multiple of 4")
	c.MaximumNameLength = r.U8("maximum_name_length")
	c.PublicName = r.Vec(1, "public_name", 1)
	c.Extensions = extensions(&r)
	return c, r.Done()
}

// Append appends the contents.
func (c *ECHConfigContents) Append(b []byte) []byte {
	b = u16(append(b, c.ConfigID), c.KEM)
	b = vec(vec(b, 2, c.PublicKey), 2, c.Suites)
	b = vec(append(b, c.MaximumNameLength), 1, c.PublicName)
	return vec(b, 2, c.Extensions)
}

package negotiate

import (
	"strings"

	"github.com/handsel-tls/handsel/internal/protocol/ech"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// ECHKey finds the key that opens the encrypted ClientHello of an offer, read
// from hello without its header, and what is in it; nil if there is none: the
// client used a configuration of yesterday, or sent an extension that means
// nothing. RFC 9849, section 7.1.
func ECHKey(o *Offer, hello []byte, keys *ech.Keys, log *trace.Log) (*ech.Opened, []byte) {
	for i, key := range keys.List {
		var why trace.Why
		switch {
		case !keys.AnyID && key.ID != o.ECH.ConfigID:
			why = trace.OtherID
		case !key.Suites.Has(o.ECH.Suite()):
			why = trace.NotAllowed
		default:
			opened, encoded, err := key.Open(hello, o.Hello.Extensions, &o.ECH)
			if err == nil {
				log.Chose(trace.ECH, uint16(i))
				return opened, encoded
			}
			why = trace.NotDecrypted
		}
		log.Refused(trace.ECH, uint16(i), why)
	}
	return nil, nil
}

// CheckInner refuses a ClientHelloInner that does not say that it is one, or
// that offers more than TLS 1.3. RFC 9849, section 7.1.
func (o *Offer) CheckInner() error {
	switch {
	case !o.ECH.Inner:
		return fault.With(fault.ECHInnerInvalid, "%v is missing", iana.ExtEncryptedClientHello)
	case !o.Versions.Has(iana.TLS13):
		return fault.With(fault.ECHInnerInvalid, "%v is not offered", iana.TLS13)
	}
	for i := range o.Versions.Len() {
		if v := o.Versions.At(i); v < iana.TLS13 {
			return fault.With(fault.ECHInnerInvalid, "%v is offered", v)
		}
	}
	return nil
}

// ECHConfig takes the first configuration of a list that this side can use;
// nil if there is none. RFC 9849, section 6.1.
func ECHConfig(list wire.ECHConfigs, log *trace.Log) *ech.Sealer {
	i := uint16(0)
	for version, contents := range list.All() {
		sealer, why := echSealer(version, contents)
		if why == 0 {
			log.Chose(trace.ECH, i)
			return sealer
		}
		log.Refused(trace.ECH, i, why)
		i++
	}
	return nil
}

func echSealer(version uint16, contents []byte) (*ech.Sealer, trace.Why) {
	if version != wire.ECHVersion {
		return nil, trace.WrongVersion
	}
	c, err := wire.ParseECHConfigContents(contents)
	if err != nil {
		return nil, trace.Unknown // the list was checked
	}
	suite, ok := ech.Suite(&c)
	switch {
	case !ok || !ech.Known(c.KEM):
		return nil, trace.NoHPKE
	case hasMandatory(c.Extensions):
		return nil, trace.Mandatory
	case !PublicName(string(c.PublicName)):
		return nil, trace.BadPublicName
	}
	sealer, err := ech.NewSealer(wire.AppendECHConfig(nil, version, contents), &c, suite)
	if err != nil {
		return nil, trace.BadPublicKey
	}
	return sealer, 0
}

// hasMandatory reports whether there is an extension that whoever uses the
// configuration has to know; none is known here. RFC 9849, section 4.2.
func hasMandatory(exts wire.Extensions) bool {
	for t := range exts.All() {
		if t&0x8000 != 0 {
			return true
		}
	}
	return false
}

// PublicName reports whether the name is one that a certificate can be verified
// for: labels of letters, digits and hyphens, of which the last cannot be taken
// for a part of an IPv4 address. RFC 9849, section 6.1.7.
func PublicName(name string) bool {
	var last string
	for label := range strings.SplitSeq(name, ".") {
		if !isLDH(label) {
			return false
		}
		last = label
	}
	hex, isHex := strings.CutPrefix(strings.ToLower(last), "0x")
	return strings.Trim(last, "0123456789") != "" && !(isHex && strings.Trim(hex, "0123456789abcdef") == "")
}

// isLDH reports whether the label is of at most 63 letters, digits and hyphens,
// and neither begins nor ends with a hyphen. RFC 5890, section 2.3.1.
func isLDH(label string) bool {
	if len(label) == 0 || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	for _, c := range []byte(label) {
		if c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

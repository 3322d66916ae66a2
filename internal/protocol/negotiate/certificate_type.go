package negotiate

import (
	"bytes"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// x509Only is what a side stands for that says nothing of certificate types.
var x509Only = []byte{byte(iana.CertX509)}

// checkTypes refuses a list that RFC 7250, section 3, does not allow: one that
// says no more than leaving the extension out does.
func checkTypes(list []byte) error {
	if len(list) == 0 || bytes.Equal(list, x509Only) {
		return fault.CertificateTypesWrong
	}
	return nil
}

// AcceptsType reports whether the client can verify a server's certificate of
// the type. RFC 7250, section 4.2.
func (o *Offer) AcceptsType(t iana.CertificateType) bool {
	list := o.ServerTypes
	if list == nil {
		list = x509Only
	}
	return bytes.IndexByte(list, byte(t)) >= 0
}

// ClientCertificateType chooses the type of the client's certificate: the
// first that is accepted here and that the client can show. RFC 7250, section
// 4.2.
func ClientCertificateType(o *Offer, accepted []iana.CertificateType, log *trace.Log) (iana.CertificateType, error) {
	if accepted == nil && o.ClientTypes == nil {
		return iana.CertX509, nil
	}
	offered := o.ClientTypes
	if offered == nil {
		offered = x509Only
	}
	if accepted == nil {
		accepted = []iana.CertificateType{iana.CertX509}
	}
	for _, t := range accepted {
		if bytes.IndexByte(offered, byte(t)) >= 0 {
			log.Chose(trace.Form, uint16(t))
			return t, nil
		}
		log.Refused(trace.Form, uint16(t), trace.NotOffered)
	}
	return 0, fault.With(fault.NoSharedCertificateType, "the client can show %v, and %v is accepted", typesOf(offered), accepted)
}

func typesOf(list []byte) (types []iana.CertificateType) {
	for _, t := range list {
		types = append(types, iana.CertificateType(t))
	}
	return types
}

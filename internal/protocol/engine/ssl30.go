package engine

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// alertFor gives the alert that stands for one in a version: SSL 3.0 has fewer,
// and its peers do not know what to make of others. RFC 6101, section 5.4.2.
func alertFor(v iana.Version, a iana.Alert) iana.Alert {
	if v != iana.SSL30 {
		return a
	}
	switch a {
	case iana.AlertCloseNotify, iana.AlertUnexpectedMessage, iana.AlertBadRecordMAC, iana.AlertHandshakeFailure,
		iana.AlertNoCertificate, iana.AlertBadCertificate, iana.AlertUnsupportedCertificate, iana.AlertCertificateRevoked,
		iana.AlertCertificateExpired, iana.AlertCertificateUnknown, iana.AlertIllegalParameter:
		return a
	case iana.AlertUnknownCA, iana.AlertAccessDenied, iana.AlertBadCertificateStatusResponse:
		return iana.AlertCertificateUnknown
	case iana.AlertDecodeError, iana.AlertRecordOverflow:
		return iana.AlertIllegalParameter
	}
	return iana.AlertHandshakeFailure
}

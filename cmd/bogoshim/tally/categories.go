package main

// elsewhere are the tests that are not about TLS over TCP. Those of the last
// names do not say so.
var elsewhere = []string{"*-QUIC", "*-QUIC-*", "QUIC-*", "QUICCompatibilityMode", "*DTLS*", "SendSplitAlert-*", "StrayChangeCipherSpec"}

// A category is tests whose names have something in common. A test belongs to
// the first that matches.
type category struct {
	name     string
	own      bool // a draft, or BoringSSL's own
	patterns []string
}

var categories = []category{
	{"profiles (FIPS, WPA3, CNSA)", true, []string{"Compliance*"}},
	{"Channel ID", true, []string{"*ChannelID*"}},
	{"application_settings", true, []string{"*ALPS*", "ExtraClientEncryptedExtension-*", "AllExtensions-Client-Permute-*HelloRetryRequest-*"}},
	{"next_protocol_negotiation", true, []string{"*NPN*", "*NextProtocol*", "ALPNServer-Preferred*", "FalseStart-TLS-*", "FalseStart-SessionTicketsDisabled-*", "Renegotiate-FalseStart"}},
	{"JDK 11", true, []string{"*JDK11*"}},
	{"PAKE", true, []string{"*PAKE*"}},
	{"trust anchors", true, []string{"*TrustAnchor*"}},
	{"hints", true, []string{"*HintMismatch*", "KeyShareWithServerHint-*"}},
	{"tls_flags, resumption across names", true, []string{"*TicketFlags*", "*AcrossNames*"}},
	{"padding by servers", true, []string{"ServerPadding*"}},
	{"interfaces of BoringSSL", true, []string{"*DDoS*", "RetainOnlySHA256*", "CurveTest-Server-EqualPreference*"}},

	{"Encrypted Client Hello", false, []string{"*ECH*"}},
	{"raw public keys", false, []string{"*RawPublicKey*", "*RPK*", "*CertificateType*"}},
	{"delegated credentials", false, []string{"*Delegated*"}},
	{"external pre-shared keys", false, []string{"*PSK_*", "PSK-*", "*-PSK-*", "*PSKHint*", "ClientAuth-*PSK"}},
	{"false start", false, []string{"*FalseStart*"}},
	{"early data", false, []string{"*EarlyData*", "*0RTT*"}},
	{"choice of certificates", false, []string{"CertificateSelection*"}},
	{"compress_certificate", false, []string{"*CertCompression*"}},
	{"OCSP and SCT", false, []string{"*OCSP*", "*SignedCertificateTimestamp*", "*SCT*"}},
	{"renegotiation", false, []string{"*Renegotiat*", "*HelloRequest*"}},
	{"resumption, tickets", false, []string{"*Resum*", "*Ticket*", "*Session*"}},
	{"quic_transport_parameters over TCP", false, []string{"QUIC*"}},
	{"versions, downgrades, SSL 2.0's ClientHello", false, []string{"*Version*", "*V2ClientHello*", "*Downgrade*", "*Fallback*", "*SSL3*"}},
	{"signatures and schemes", false, []string{"*Sign-*", "*Verify-*", "*Signature*", "*SigAlg*", "*SignDefault*", "*Verify*Default*", "*Signing*"}},
	{"certificates and their verification", false, []string{"*Certificate*", "*Cert*", "*KeyUsage*", "*ClientAuth*", "ClientCAList*"}},
	{"cipher suites", false, []string{"TLS-TLS*", "*Cipher*", "*CBC*", "*3DES*", "*AEAD*"}},
	{"groups and key shares", false, []string{"*Curve*", "*KeyShare*", "*MLKEM*", "*Group*", "*ECDH*", "*DHE*"}},
	{"HelloRetryRequest", false, []string{"*HelloRetryRequest*", "*HRR*"}},
	{"extensions", false, []string{"*Extension*", "*ALPN*", "*ServerName*", "*SNI*", "*EMS*", "*MasterSecret*", "*GREASE*", "*SRTP*", "*PointFormat*"}},
	{"KeyUpdate", false, []string{"*KeyUpdate*"}},
	{"exporters, tls-unique", false, []string{"*Export*", "*TLSUnique*"}},
	{"the rest: messages, records, alerts, endings", false, []string{"*"}},
}

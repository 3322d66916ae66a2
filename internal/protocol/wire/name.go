package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// MessageName gives the RFC's name of a handshake message: "ClientHello".
func MessageName(t iana.HandshakeType) string {
	if n, ok := messageNames[t]; ok {
		return n
	}
	return "Handshake Message " + t.String()
}

// messageNames are the names of the structures, which the registry writes in another way.
var messageNames = map[iana.HandshakeType]string{
	iana.MsgHelloRequest: "HelloRequest", iana.MsgClientHello: "ClientHello", iana.MsgServerHello: "ServerHello",
	iana.MsgNewSessionTicket: "NewSessionTicket", iana.MsgEndOfEarlyData: "EndOfEarlyData", iana.MsgEncryptedExtensions: "EncryptedExtensions",
	iana.MsgCertificate: "Certificate", iana.MsgServerKeyExchange: "ServerKeyExchange", iana.MsgCertificateRequest: "CertificateRequest",
	iana.MsgServerHelloDone: "ServerHelloDone", iana.MsgCertificateVerify: "CertificateVerify", iana.MsgClientKeyExchange: "ClientKeyExchange",
	iana.MsgFinished: "Finished", iana.MsgCertificateURL: "CertificateURL", iana.MsgCertificateStatus: "CertificateStatus",
	iana.MsgSupplementalData: "SupplementalData", iana.MsgKeyUpdate: "KeyUpdate", iana.MsgCompressedCertificate: "CompressedCertificate",
	iana.MsgNextProtocol: "NextProtocol", iana.MsgMessageHash: "MessageHash",
}

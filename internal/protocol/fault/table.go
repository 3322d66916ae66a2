package fault

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// The rows. A row's place has no meaning: what is stored is its name.
const (
	Internal Code = iota
	DecodeError
	HelloForm
	UnexpectedMessage
	UnexpectedRecord
	ExcessHandshakeData
	NotTLS
	HTTPRequest
	HTTPSProxyRequest
	SSL2Hello
	RecordVersionWrong
	RecordOverflow
	PlaintextOverflow
	RecordTooShort
	BadRecordMAC
	OuterTypeWrong
	InnerTypeMissing
	EmptyRecords
	EmptyHandshakeRecord
	WarningAlerts
	BadAlert
	AlertLevelWrong
	MessageTooLong
	KeyUpdates
	KeyUpdateWrong
	KeyUsageExhausted
	BadChangeCipherSpec
	UnexpectedChangeCipherSpec
	MissingChangeCipherSpec
	NoBytes
	Truncated
	TruncatedData
	Reset
	ClosedInHandshake
	PeerAlert
	HelloRefused
	HandshakeTime
	Canceled
	NoSharedVersion
	HelloVersionWrong
	VersionNotOffered
	SelectedVersionWrong
	RetryVersionMismatch
	LegacyVersionChanged
	NoVersionsEnabled
	InappropriateFallback
	Downgraded
	NoSharedSuite
	NoSharedFinite
	SuiteNotOffered
	SuiteChanged
	NoSharedGroup
	GroupNotOffered
	KeyShareWrong
	KeyShareInvalid
	PrimeLength
	DuplicateKeyShare
	KeyShareUnsupported
	MissingKeyShare
	MissingGroups
	MissingExtension
	NoSharedScheme
	NoSharedScheme12
	SchemesMissing
	RequestSchemesMissing
	SchemeNotOffered
	SignatureSchemeWrong
	SignatureWrong
	FinishedWrong
	BinderWrong
	BinderCount
	PSKNotLast
	PSKIdentityWrong
	PSKModeMissing
	PSKHashWrong
	PSKMissing
	PSKGone
	PSKRemoved
	NoSharedPSK
	PSKModeUnsupported
	DuplicateExtension
	ForbiddenExtension
	ExtensionInClear
	UnsolicitedExtension
	QUICParameters
	ExtensionValue
	ExtensionForm
	CompressionWrong
	CompressionChosen
	SessionIDWrong
	EmptyRetry
	SecondRetry
	HelloChanged
	NoSharedProtocol
	ProtocolListForm
	ProtocolNameWrong
	ProtocolNotOffered
	UnrecognizedName
	NoCertificate
	CertificateUnusable
	SigningFailed
	ConfigFailed
	Rejected
	RefusedByProgram
	NoBinding
	CertificateMissing
	CertificateMissing12
	CertificateListEmpty
	CompressionUnknown
	DecompressionFailed
	DecompressedTooLong
	CertificateParse
	BadCertificate
	UnknownCA
	MissingIntermediate
	SelfSigned
	CertificateExpired
	CertificateNotYetValid
	CertificateRevoked
	RevocationUnknown
	NameMismatch
	WrongPurpose
	WeakKey
	CertificateRefused
	RawKeyUnknown
	CertificateTypeWrong
	CertificateTypeUnasked
	DelegationInvalid
	DelegationUnasked
	NoSharedIssuer
	NoSharedCertificateType
	CertificateKeyUnsupported
	CertificateTypeRefused
	CertificateTypesWrong
	CurveNotOffered
	CertificateCurveWrong
	KeyAlgorithmNotOffered
	KeyUsageWrong
	CertificateChanged
	StatusRefused
	StatusUnavailable
	RequestContextWrong
	EMSMissing
	EMSUnexpected
	EMSRequired
	SessionVersionChanged
	SessionSuiteChanged
	RenegotiationMismatch
	RenegotiationVersion
	HelloRequestForm
	HelloRequestExpected
	RenegotiationEMS
	RenegotiationEtM
	RenegotiationUnsafe
	NoRenegotiation
	PointFormatMissing
	EarlyDataUnexpected
	EarlyDataTooLong
	EarlyDataOverLimit
	EarlyDataVersion
	EarlyDataSuite
	EarlyDataProtocol
	DataInHandshake
	ECHInnerForm
	ECHInnerInvalid
	ECHInnerBare
	ECHOuterExtension
	ECHChanged
	ECHNotDecrypted
	ECHInconsistent
	ECHResumed
	ECHRejected
	ECHConfigsForm
	ECHConfigsUnusable
)

var table = [...]row{
	Internal: {"Internal", "INTERNAL_ERROR", iana.AlertInternalError, "RFC 9846, section 6.2",
		"this side made a mistake of its own", Local},
	DecodeError: {"DecodeError", "DECODE_ERROR", iana.AlertDecodeError, "RFC 9846, section 6.2",
		"a message could not be decoded: a length or a field does not fit", Peer},
	HelloForm: {"HelloForm", "CLIENTHELLO_PARSE_FAILED", iana.AlertDecodeError, "RFC 9846, section 4.2.2",
		"the ClientHello could not be decoded", Peer},
	UnexpectedMessage: {"UnexpectedMessage", "UNEXPECTED_MESSAGE", iana.AlertUnexpectedMessage, "RFC 9846, section 4",
		"a handshake message came that the state does not accept", Peer},
	UnexpectedRecord: {"UnexpectedRecord", "UNEXPECTED_RECORD", iana.AlertUnexpectedMessage, "RFC 9846, section 5",
		"a record came of a type that the state does not accept", Peer},
	ExcessHandshakeData: {"ExcessHandshakeData", "EXCESS_HANDSHAKE_DATA", iana.AlertUnexpectedMessage, "RFC 9846, section 5.1",
		"handshake bytes go on where the keys change", Peer},
	NotTLS: {"NotTLS", "WRONG_VERSION_NUMBER", iana.AlertProtocolVersion, "RFC 9846, section 5.1",
		"the first bytes are not a TLS record", Peer},
	HTTPRequest: {"HTTPRequest", "HTTP_REQUEST", iana.AlertUnexpectedMessage, "RFC 9112, section 3",
		"the peer speaks plain HTTP, not TLS", Peer},
	HTTPSProxyRequest: {"HTTPSProxyRequest", "HTTPS_PROXY_REQUEST", iana.AlertUnexpectedMessage, "RFC 9110, section 9.3.6",
		"the client sends CONNECT, as to a proxy, to a TLS port", Peer},
	SSL2Hello: {"SSL2Hello", "UNSUPPORTED_PROTOCOL", iana.AlertProtocolVersion, "RFC 6176, section 3",
		"the client sent an SSL 2.0 hello", Peer},
	RecordVersionWrong: {"RecordVersionWrong", "WRONG_VERSION_NUMBER", iana.AlertProtocolVersion, "RFC 5246, section 6.2.1",
		"a record carries a version that was not negotiated", Peer},
	RecordOverflow: {"RecordOverflow", "ENCRYPTED_LENGTH_TOO_LONG", iana.AlertRecordOverflow, "RFC 9846, section 5.2",
		"a record is longer than the protocol allows", Peer},
	PlaintextOverflow: {"PlaintextOverflow", "DATA_LENGTH_TOO_LONG", iana.AlertRecordOverflow, "RFC 9846, section 5.1",
		"the content of a record is longer than the protocol allows", Peer},
	RecordTooShort: {"RecordTooShort", "DECRYPTION_FAILED_OR_BAD_RECORD_MAC", iana.AlertBadRecordMAC, "RFC 9846, section 5.2",
		"a record is shorter than its protection: it was sent in the clear, or cut", Peer},
	BadRecordMAC: {"BadRecordMAC", "DECRYPTION_FAILED_OR_BAD_RECORD_MAC", iana.AlertBadRecordMAC, "RFC 9846, section 5.2",
		"a record could not be decrypted: it was altered, or the keys differ", Peer},
	OuterTypeWrong: {"OuterTypeWrong", "INVALID_OUTER_RECORD_TYPE", iana.AlertUnexpectedMessage, "RFC 9846, section 5.2",
		"a protected record does not have the outer type application_data", Peer},
	InnerTypeMissing: {"InnerTypeMissing", "DECRYPTION_FAILED_OR_BAD_RECORD_MAC", iana.AlertUnexpectedMessage, "RFC 9846, section 5.4",
		"a protected record is padding only and has no content type", Peer},
	EmptyRecords: {"EmptyRecords", "TOO_MANY_EMPTY_FRAGMENTS", iana.AlertUnexpectedMessage, "RFC 9846, section 5.4",
		"the peer sent too many empty records in a row", Peer},
	EmptyHandshakeRecord: {"EmptyHandshakeRecord", "DECODE_ERROR", iana.AlertUnexpectedMessage, "RFC 9846, section 5.4",
		"a handshake or alert record is empty", Peer},
	WarningAlerts: {"WarningAlerts", "TOO_MANY_WARNING_ALERTS", iana.AlertDecodeError, "RFC 9846, section 6",
		"the peer sent too many warning alerts in a row", Peer},
	BadAlert: {"BadAlert", "BAD_ALERT", iana.AlertDecodeError, "RFC 9846, section 6",
		"an alert record does not hold just one alert", Peer},
	AlertLevelWrong: {"AlertLevelWrong", "UNKNOWN_ALERT_TYPE", iana.AlertIllegalParameter, "RFC 5246, section 7.2",
		"an alert has a level that is neither warning nor fatal", Peer},
	MessageTooLong: {"MessageTooLong", "EXCESSIVE_MESSAGE_SIZE", iana.AlertIllegalParameter, "RFC 9846, section 4",
		"a handshake message is longer than this side accepts", Peer},
	KeyUpdates: {"KeyUpdates", "TOO_MANY_KEY_UPDATES", iana.AlertUnexpectedMessage, "RFC 9846, section 4.7.3",
		"the peer sent too many KeyUpdate messages in a row", Peer},
	KeyUpdateWrong: {"KeyUpdateWrong", "DECODE_ERROR", iana.AlertIllegalParameter, "RFC 9846, section 4.7.3",
		"a KeyUpdate message holds a value other than 0 or 1", Peer},
	KeyUsageExhausted: {"KeyUsageExhausted", "INTERNAL_ERROR", iana.AlertInternalError, "RFC 9846, section 5.5",
		"a key has protected as many records as it may and cannot be changed", Local},
	BadChangeCipherSpec: {"BadChangeCipherSpec", "BAD_CHANGE_CIPHER_SPEC", iana.AlertUnexpectedMessage, "RFC 9846, section 5",
		"a ChangeCipherSpec record does not hold the single byte 1", Peer},
	UnexpectedChangeCipherSpec: {"UnexpectedChangeCipherSpec", "UNEXPECTED_RECORD", iana.AlertUnexpectedMessage, "RFC 5246, section 7.1",
		"a ChangeCipherSpec came where the keys do not change", Peer},
	MissingChangeCipherSpec: {"MissingChangeCipherSpec", "UNEXPECTED_RECORD", iana.AlertUnexpectedMessage, "RFC 5246, section 7.4.9",
		"a handshake message came where a ChangeCipherSpec has to come first", Peer},
	NoBytes: {"NoBytes", "HANDSHAKE_NOT_COMPLETE", iana.AlertCloseNotify, "RFC 9293, section 3.10.7",
		"the client opened a connection and closed it without having sent a byte", PeerSaid},
	Truncated: {"Truncated", "HANDSHAKE_NOT_COMPLETE", iana.AlertCloseNotify, "RFC 9846, section 6.1",
		"the peer closed the connection before the handshake was complete", PeerSaid},
	TruncatedData: {"TruncatedData", "UNEXPECTED_EOF", iana.AlertCloseNotify, "RFC 9846, section 6.1",
		"the peer closed the connection without close_notify: data may be missing", PeerSaid},
	Reset: {"Reset", "CONNECTION_RESET", iana.AlertCloseNotify, "RFC 9293, section 3.10.7",
		"the connection was reset", PeerSaid},
	ClosedInHandshake: {"ClosedInHandshake", "CLOSE_NOTIFY_IN_HANDSHAKE", iana.AlertCloseNotify, "RFC 9846, section 6.1",
		"the peer sent close_notify before the handshake was complete", PeerSaid},
	PeerAlert: {"PeerAlert", "PEER_ALERT", iana.AlertCloseNotify, "RFC 9846, section 6.2",
		"the peer ended the connection with an alert", PeerSaid},
	HelloRefused: {"HelloRefused", "HANDSHAKE_FAILURE_ON_CLIENT_HELLO", iana.AlertCloseNotify, "RFC 9846, section 4.2.1",
		"the server takes nothing of what the ClientHello offers", PeerSaid},
	HandshakeTime: {"HandshakeTime", "HANDSHAKE_TIMEOUT", iana.AlertUserCanceled, "RFC 9846, section 6.1",
		"the handshake took longer than this side allows", Peer},
	Canceled: {"Canceled", "HANDSHAKE_CANCELED", iana.AlertUserCanceled, "RFC 9846, section 6.1",
		"the program ended the handshake", Local},
	NoSharedVersion: {"NoSharedVersion", "UNSUPPORTED_PROTOCOL", iana.AlertProtocolVersion, "RFC 9846, section 4.3.1",
		"the two sides have no protocol version in common", Both},
	HelloVersionWrong: {"HelloVersionWrong", "UNSUPPORTED_PROTOCOL", iana.AlertProtocolVersion, "RFC 9846, appendix E.5",
		"the legacy_version of a hello that offers TLS 1.3 is SSL 3.0 or less", Peer},
	VersionNotOffered: {"VersionNotOffered", "UNSUPPORTED_PROTOCOL", iana.AlertProtocolVersion, "RFC 9846, section 4.2.3",
		"the server chose a version that this side does not allow", Both},
	SelectedVersionWrong: {"SelectedVersionWrong", "UNEXPECTED_EXTENSION", iana.AlertIllegalParameter, "RFC 9846, section 4.3.1",
		"supported_versions of the server names a version that cannot stand there", Peer},
	RetryVersionMismatch: {"RetryVersionMismatch", "SECOND_SERVERHELLO_VERSION_MISMATCH", iana.AlertIllegalParameter, "RFC 9846, section 4.2.4",
		"ServerHello and HelloRetryRequest name different versions", Peer},
	LegacyVersionChanged: {"LegacyVersionChanged", "DECODE_ERROR", iana.AlertIllegalParameter, "RFC 9846, section 4.2.3",
		"legacy_version of the ServerHello is another than in the HelloRetryRequest before it", Peer},
	NoVersionsEnabled: {"NoVersionsEnabled", "NO_SUPPORTED_VERSIONS_ENABLED", iana.AlertInternalError, "RFC 9846, section 4.3.1",
		"no protocol version is enabled", Local},
	InappropriateFallback: {"InappropriateFallback", "INAPPROPRIATE_FALLBACK", iana.AlertInappropriateFallback, "RFC 7507, section 3",
		"the client fell back to an older version though the server knows a newer one", Both},
	Downgraded: {"Downgraded", "TLS13_DOWNGRADE", iana.AlertIllegalParameter, "RFC 9846, section 4.2.3",
		"the server's random says that it knows a newer version: somebody altered the offer", Peer},
	NoSharedSuite: {"NoSharedSuite", "NO_SHARED_CIPHER", iana.AlertHandshakeFailure, "RFC 9846, section 4.2.1",
		"the two sides have no cipher suite in common", Both},
	NoSharedFinite: {"NoSharedFinite", "NO_SHARED_GROUP", iana.AlertInsufficientSecurity, "RFC 7919, section 4",
		"the client's groups rule DHE out, and it offers no other suite that is enabled here", Both},
	SuiteNotOffered: {"SuiteNotOffered", "WRONG_CIPHER_RETURNED", iana.AlertIllegalParameter, "RFC 9846, section 4.2.3",
		"the server chose a cipher suite that was not offered", Peer},
	SuiteChanged: {"SuiteChanged", "WRONG_CIPHER_RETURNED", iana.AlertIllegalParameter, "RFC 9846, section 4.2.3",
		"the server chose another cipher suite after its HelloRetryRequest", Peer},
	NoSharedGroup: {"NoSharedGroup", "NO_SHARED_GROUP", iana.AlertHandshakeFailure, "RFC 9846, section 4.2.1",
		"the two sides have no key exchange group in common", Both},
	GroupNotOffered: {"GroupNotOffered", "WRONG_CURVE", iana.AlertIllegalParameter, "RFC 9846, section 4.3.8",
		"the server chose a group that was not offered", Peer},
	KeyShareWrong: {"KeyShareWrong", "WRONG_CURVE", iana.AlertIllegalParameter, "RFC 9846, section 4.3.8",
		"the key share is not for the group that was asked for", Peer},
	KeyShareInvalid: {"KeyShareInvalid", "BAD_ECPOINT", iana.AlertIllegalParameter, "RFC 9846, section 7.4.2",
		"a key share or public value of the key exchange is not valid", Peer},
	PrimeLength: {"PrimeLength", "BAD_DH_P_LENGTH", iana.AlertInsufficientSecurity, "RFC 7919, section 4",
		"the server's prime for DHE is shorter or longer than this side takes", Peer},
	DuplicateKeyShare: {"DuplicateKeyShare", "DUPLICATE_KEY_SHARE", iana.AlertIllegalParameter, "RFC 9846, section 4.3.8",
		"the client sent two key shares for one group", Peer},
	KeyShareUnsupported: {"KeyShareUnsupported", "DECODE_ERROR", iana.AlertIllegalParameter, "RFC 9846, section 4.3.8",
		"the client sent a key share for a group that it does not support", Peer},
	MissingKeyShare: {"MissingKeyShare", "MISSING_KEY_SHARE", iana.AlertMissingExtension, "RFC 9846, section 9.2",
		"the hello has no key_share extension and needs one", Peer},
	MissingGroups: {"MissingGroups", "NO_SHARED_GROUP", iana.AlertMissingExtension, "RFC 9846, section 9.2",
		"the ClientHello has no supported_groups extension and needs one", Peer},
	MissingExtension: {"MissingExtension", "MISSING_EXTENSION", iana.AlertMissingExtension, "RFC 9846, section 9.2",
		"the hello lacks an extension that it needs", Peer},
	NoSharedScheme: {"NoSharedScheme", "NO_COMMON_SIGNATURE_ALGORITHMS", iana.AlertHandshakeFailure, "RFC 9846, section 4.3.3",
		"the two sides have no signature scheme in common that the certificate's key can use", Both},
	NoSharedScheme12: {"NoSharedScheme12", "NO_SHARED_CIPHER", iana.AlertHandshakeFailure, "RFC 5246, section 7.4.1.4.1",
		"no cipher suite is left, because the client verifies no signature scheme that the certificate's key can use", Both},
	RequestSchemesMissing: {"RequestSchemesMissing", "DECODE_ERROR", iana.AlertMissingExtension, "RFC 9846, section 4.4.2",
		"the server asks for a certificate and does not say which signature schemes it can verify", Peer},
	SchemesMissing: {"SchemesMissing", "NO_COMMON_SIGNATURE_ALGORITHMS", iana.AlertMissingExtension, "RFC 9846, section 4.3.3",
		"the client does not say which signature schemes it can verify", Peer},
	SchemeNotOffered: {"SchemeNotOffered", "WRONG_SIGNATURE_TYPE", iana.AlertIllegalParameter, "RFC 9846, section 4.5.2",
		"the peer signed with a scheme that was not offered", Peer},
	SignatureSchemeWrong: {"SignatureSchemeWrong", "WRONG_SIGNATURE_TYPE", iana.AlertIllegalParameter, "RFC 9846, section 4.5.2",
		"the peer signed with a scheme that does not fit its key", Peer},
	SignatureWrong: {"SignatureWrong", "BAD_SIGNATURE", iana.AlertDecryptError, "RFC 9846, section 4.5.2",
		"a signature is wrong: the peer has not the key of its certificate, or saw another handshake", Peer},
	FinishedWrong: {"FinishedWrong", "DIGEST_CHECK_FAILED", iana.AlertDecryptError, "RFC 9846, section 4.5.3",
		"Finished is wrong: the two sides saw different handshakes", Peer},
	BinderWrong: {"BinderWrong", "DIGEST_CHECK_FAILED", iana.AlertDecryptError, "RFC 9846, section 4.3.11.2",
		"the binder of a pre-shared key is wrong", Peer},
	BinderCount: {"BinderCount", "PSK_IDENTITY_BINDER_COUNT_MISMATCH", iana.AlertIllegalParameter, "RFC 9846, section 4.3.11",
		"there are not as many binders as pre-shared key identities", Peer},
	PSKNotLast: {"PSKNotLast", "PRE_SHARED_KEY_MUST_BE_LAST", iana.AlertIllegalParameter, "RFC 9846, section 4.3.11",
		"pre_shared_key is not the last extension", Peer},
	PSKIdentityWrong: {"PSKIdentityWrong", "PSK_IDENTITY_NOT_FOUND", iana.AlertIllegalParameter, "RFC 9846, section 4.3.11",
		"the server chose a pre-shared key that was not offered", Peer},
	PSKModeMissing: {"PSKModeMissing", "MISSING_EXTENSION", iana.AlertMissingExtension, "RFC 9846, section 4.3.9",
		"pre_shared_key came without psk_key_exchange_modes", Peer},
	PSKHashWrong: {"PSKHashWrong", "OLD_SESSION_PRF_HASH_MISMATCH", iana.AlertIllegalParameter, "RFC 9846, section 4.3.11",
		"the hash of the chosen suite is not that of the pre-shared key", Peer},
	PSKMissing: {"PSKMissing", "MISSING_EXTENSION", iana.AlertMissingExtension, "RFC 9846, section 4.3.11",
		"the server goes on without a pre-shared key, and a certificate is not wanted", Peer},
	PSKGone: {"PSKGone", "MISSING_EXTENSION", iana.AlertMissingExtension, "RFC 9846, section 4.2.2",
		"the second ClientHello has no pre_shared_key any more", Peer},
	PSKRemoved: {"PSKRemoved", "PSK_IDENTITY_NOT_FOUND", iana.AlertIllegalParameter, "RFC 9846, section 4.2.2",
		"the second ClientHello leaves out a pre-shared key that goes with the suite", Peer},
	NoSharedPSK: {"NoSharedPSK", "PSK_IDENTITY_NOT_FOUND", iana.AlertHandshakeFailure, "RFC 9846, section 4.3.11",
		"the client offers no pre-shared key that is known here, and there is no certificate", Both},
	PSKModeUnsupported: {"PSKModeUnsupported", "NO_SUPPORTED_PSK_MODE", iana.AlertHandshakeFailure, "RFC 9846, section 4.3.9",
		"the client uses pre-shared keys without a key exchange only, which is not done here", Both},
	DuplicateExtension: {"DuplicateExtension", "DUPLICATE_EXTENSION", iana.AlertDecodeError, "RFC 9846, section 4.3",
		"an extension stands twice in one message", Peer},
	ForbiddenExtension: {"ForbiddenExtension", "ERROR_PARSING_EXTENSION", iana.AlertIllegalParameter, "RFC 9846, section 4.3",
		"an extension stands in a message in which it is not allowed", Peer},
	ExtensionInClear: {"ExtensionInClear", "UNEXPECTED_EXTENSION", iana.AlertIllegalParameter, "RFC 9846, section 4.3",
		"the server sent an extension in the clear that is for EncryptedExtensions", Peer},
	UnsolicitedExtension: {"UnsolicitedExtension", "UNEXPECTED_EXTENSION", iana.AlertUnsupportedExtension, "RFC 9846, section 4.3",
		"the answer has an extension that was not asked for", Peer},
	QUICParameters: {"QUICParameters", "UNEXPECTED_EXTENSION", iana.AlertUnsupportedExtension, "RFC 9001, section 8.2",
		"quic_transport_parameters came over TCP", Peer},
	ExtensionValue: {"ExtensionValue", "ERROR_PARSING_EXTENSION", iana.AlertIllegalParameter, "RFC 9846, section 4.3",
		"an extension holds a value that is not allowed", Peer},
	ExtensionForm: {"ExtensionForm", "ERROR_PARSING_EXTENSION", iana.AlertDecodeError, "RFC 9846, section 4.3",
		"an extension could not be decoded", Peer},
	CompressionWrong: {"CompressionWrong", "INVALID_COMPRESSION_LIST", iana.AlertIllegalParameter, "RFC 9846, section 4.2.2",
		"the compression methods are not what the version allows", Peer},
	CompressionChosen: {"CompressionChosen", "UNSUPPORTED_COMPRESSION_ALGORITHM", iana.AlertIllegalParameter, "RFC 9846, section 4.2.3",
		"the server chose a compression method that was not offered", Peer},
	SessionIDWrong: {"SessionIDWrong", "SERVER_ECHOED_INVALID_SESSION_ID", iana.AlertIllegalParameter, "RFC 9846, section 4.2.3",
		"the server did not echo the session ID", Peer},
	EmptyRetry: {"EmptyRetry", "EMPTY_HELLO_RETRY_REQUEST", iana.AlertIllegalParameter, "RFC 9846, section 4.2.4",
		"a HelloRetryRequest would change nothing in the ClientHello", Peer},
	SecondRetry: {"SecondRetry", "UNEXPECTED_MESSAGE", iana.AlertUnexpectedMessage, "RFC 9846, section 4.2.4",
		"the server sent a second HelloRetryRequest", Peer},
	HelloChanged: {"HelloChanged", "CLIENTHELLO_PARSE_FAILED", iana.AlertIllegalParameter, "RFC 9846, section 4.2.2",
		"the second ClientHello differs from the first where it may not", Peer},
	ProtocolListForm: {"ProtocolListForm", "PARSE_TLSEXT", iana.AlertDecodeError, "RFC 7301, section 3.1",
		"the list of application protocols could not be decoded: it is empty, or one of its names is", Peer},
	NoSharedProtocol: {"NoSharedProtocol", "NO_APPLICATION_PROTOCOL", iana.AlertNoApplicationProtocol, "RFC 7301, section 3.2",
		"the two sides have no application protocol in common", Both},
	ProtocolNameWrong: {"ProtocolNameWrong", "INVALID_ALPN_PROTOCOL", iana.AlertInternalError, "RFC 7301, section 3.1",
		"an application protocol that is configured here is empty or longer than 255 bytes", Local},
	ProtocolNotOffered: {"ProtocolNotOffered", "INVALID_ALPN_PROTOCOL", iana.AlertIllegalParameter, "RFC 7301, section 3.2",
		"the server chose an application protocol that was not offered", Peer},
	UnrecognizedName: {"UnrecognizedName", "UNRECOGNIZED_NAME", iana.AlertUnrecognizedName, "RFC 6066, section 3",
		"no site is bound to the name that the client asks for", Both},
	NoCertificate: {"NoCertificate", "NO_CERTIFICATE_SET", iana.AlertHandshakeFailure, "RFC 9846, section 4.5.1",
		"this side has no certificate that fits", Local},
	CertificateUnusable: {"CertificateUnusable", "CERT_CB_ERROR", iana.AlertInternalError, "RFC 9846, section 6.2",
		"the certificate could not be had", Local},
	SigningFailed: {"SigningFailed", "PRIVATE_KEY_OPERATION_FAILED", iana.AlertInternalError, "RFC 9846, section 4.5.2",
		"this side could not sign with its key", Local},
	ConfigFailed: {"ConfigFailed", "CALLBACK_FAILED", iana.AlertInternalError, "RFC 9846, section 6.2",
		"the settings of the connection could not be had", Local},
	Rejected: {"Rejected", "CONNECTION_REJECTED", iana.AlertHandshakeFailure, "RFC 9846, section 6.2",
		"the binding rejects connections", Local},
	RefusedByProgram: {"RefusedByProgram", "CONNECTION_REJECTED", iana.AlertHandshakeFailure, "RFC 9846, section 6.2",
		"the program refused the client after its ClientHello", Local},
	NoBinding: {"NoBinding", "CONNECTION_REJECTED", iana.AlertUnrecognizedName, "RFC 6066, section 3",
		"no binding matches the address and the name", Both},
	CertificateMissing: {"CertificateMissing", "PEER_DID_NOT_RETURN_A_CERTIFICATE", iana.AlertCertificateRequired, "RFC 9846, section 4.5.1",
		"the client has to show a certificate and did not", Trust},
	CertificateMissing12: {"CertificateMissing12", "PEER_DID_NOT_RETURN_A_CERTIFICATE", iana.AlertHandshakeFailure, "RFC 5246, section 7.4.6",
		"the client has to show a certificate and did not", Trust},
	CertificateListEmpty: {"CertificateListEmpty", "PEER_DID_NOT_RETURN_A_CERTIFICATE", iana.AlertDecodeError, "RFC 9846, section 4.5.1",
		"the server's Certificate message is empty", Peer},
	CompressionUnknown: {"CompressionUnknown", "UNKNOWN_CERT_COMPRESSION_ALG", iana.AlertIllegalParameter, "RFC 8879, section 4",
		"the peer compressed its certificate in a way that was not offered", Peer},
	DecompressionFailed: {"DecompressionFailed", "CERT_DECOMPRESSION_FAILED", iana.AlertBadCertificate, "RFC 8879, section 4",
		"a compressed certificate could not be decompressed, or not to the length that was announced", Peer},
	DecompressedTooLong: {"DecompressedTooLong", "UNCOMPRESSED_CERT_TOO_LARGE", iana.AlertBadCertificate, "RFC 8879, section 4",
		"a compressed certificate announces a length that this side does not take", Peer},
	CertificateParse: {"CertificateParse", "CANNOT_PARSE_LEAF_CERT", iana.AlertDecodeError, "RFC 5280, section 4.1",
		"a certificate could not be parsed", Peer},
	BadCertificate: {"BadCertificate", "CERTIFICATE_VERIFY_FAILED", iana.AlertBadCertificate, "RFC 9846, section 6.2",
		"a certificate does not verify", Trust},
	UnknownCA: {"UnknownCA", "CERTIFICATE_VERIFY_FAILED", iana.AlertUnknownCA, "RFC 9846, section 6.2",
		"a certificate is not issued by an authority that is trusted here", Trust},
	MissingIntermediate: {"MissingIntermediate", "CERTIFICATE_VERIFY_FAILED", iana.AlertUnknownCA, "RFC 9846, section 4.5.1",
		"the peer's chain lacks an intermediate certificate", Trust},
	SelfSigned: {"SelfSigned", "CERTIFICATE_VERIFY_FAILED", iana.AlertUnknownCA, "RFC 9846, section 6.2",
		"the peer's certificate is signed by itself and not trusted here", Trust},
	CertificateExpired: {"CertificateExpired", "CERTIFICATE_VERIFY_FAILED", iana.AlertCertificateExpired, "RFC 9846, section 6.2",
		"a certificate has expired", Trust},
	CertificateNotYetValid: {"CertificateNotYetValid", "CERTIFICATE_VERIFY_FAILED", iana.AlertCertificateExpired, "RFC 9846, section 6.2",
		"a certificate is not valid yet", Trust},
	CertificateRevoked: {"CertificateRevoked", "CERTIFICATE_VERIFY_FAILED", iana.AlertCertificateRevoked, "RFC 9846, section 6.2",
		"a certificate was revoked", Trust},
	RevocationUnknown: {"RevocationUnknown", "CERTIFICATE_VERIFY_FAILED", iana.AlertCertificateUnknown, "RFC 5280, section 6.3",
		"whether a certificate was revoked could not be found out", Trust},
	NameMismatch: {"NameMismatch", "CERTIFICATE_VERIFY_FAILED", iana.AlertBadCertificate, "RFC 9525, section 6",
		"the certificate is not for the name that was asked for", Trust},
	WrongPurpose: {"WrongPurpose", "CERTIFICATE_VERIFY_FAILED", iana.AlertUnsupportedCertificate, "RFC 5280, section 4.2.1.12",
		"the certificate is not for this purpose", Trust},
	WeakKey: {"WeakKey", "CERTIFICATE_VERIFY_FAILED", iana.AlertBadCertificate, "RFC 9846, section 4.5.1.4",
		"a certificate's key or signature is too weak", Trust},
	CertificateRefused: {"CertificateRefused", "CERTIFICATE_VERIFY_FAILED", iana.AlertBadCertificate, "RFC 9846, section 6.2",
		"the program refused the peer's certificate", Trust},
	RawKeyUnknown: {"RawKeyUnknown", "CERTIFICATE_VERIFY_FAILED", iana.AlertCertificateUnknown, "RFC 7250, section 6",
		"the peer's raw public key is not one that is known here", Trust},
	CertificateTypeWrong: {"CertificateTypeWrong", "WRONG_CERTIFICATE_TYPE", iana.AlertIllegalParameter, "RFC 5246, section 7.4.2",
		"the certificate's key does not fit the cipher suite", Peer},
	NoSharedCertificateType: {"NoSharedCertificateType", "UNSUPPORTED_CERTIFICATE", iana.AlertUnsupportedCertificate, "RFC 7250, section 4.2",
		"the two sides have no form of certificate in common", Both},
	CertificateKeyUnsupported: {"CertificateKeyUnsupported", "PEER_ERROR_UNSUPPORTED_CERTIFICATE_TYPE", iana.AlertUnsupportedCertificate, "RFC 8422, section 5.10",
		"the version cannot use a key such as that of the peer's certificate", Peer},
	CertificateTypeRefused: {"CertificateTypeRefused", "UNKNOWN_CERTIFICATE_TYPE", iana.AlertHandshakeFailure, "RFC 7250, section 4.2",
		"the peer does not take certificates of the form that there is here", Both},
	CertificateTypesWrong: {"CertificateTypesWrong", "DECODE_ERROR", iana.AlertIllegalParameter, "RFC 7250, section 3",
		"a list of certificate types is empty, or holds X.509 alone", Peer},
	NoSharedIssuer: {"NoSharedIssuer", "NO_MATCHING_ISSUER", iana.AlertHandshakeFailure, "RFC 9846, section 4.3.4",
		"the peer asks for other issuers than that of the certificate", Both},
	DelegationInvalid: {"DelegationInvalid", "INVALID_DELEGATED_CREDENTIAL", iana.AlertIllegalParameter, "RFC 9345, section 4.1.3",
		"a delegated credential is not valid", Peer},
	DelegationUnasked: {"DelegationUnasked", "UNEXPECTED_EXTENSION", iana.AlertUnexpectedMessage, "RFC 9345, section 4.1.1",
		"a delegated credential was shown to a side that did not ask for one", Peer},
	CertificateTypeUnasked: {"CertificateTypeUnasked", "UNKNOWN_CERTIFICATE_TYPE", iana.AlertHandshakeFailure, "RFC 5246, section 7.4.6",
		"the server does not ask for certificates with a key of the kind that this side has", Both},
	CurveNotOffered: {"CurveNotOffered", "WRONG_CURVE", iana.AlertHandshakeFailure, "RFC 8422, section 5.3",
		"the certificate's key is on a curve that the client does not name", Both},
	CertificateCurveWrong: {"CertificateCurveWrong", "BAD_ECC_CERT", iana.AlertIllegalParameter, "RFC 8422, section 5.3",
		"the server's certificate has a key on a curve that was not offered", Peer},
	KeyAlgorithmNotOffered: {"KeyAlgorithmNotOffered", "UNSUPPORTED_ALGORITHM", iana.AlertUnsupportedCertificate, "RFC 9846, section 4.3.3",
		"the peer's key goes with none of the signature schemes that were offered", Peer},
	KeyUsageWrong: {"KeyUsageWrong", "KEY_USAGE_BIT_INCORRECT", iana.AlertIllegalParameter, "RFC 5280, section 4.2.1.3",
		"the certificate's keyUsage does not allow what its key was used for", Peer},
	CertificateChanged: {"CertificateChanged", "SERVER_CERT_CHANGED", iana.AlertIllegalParameter, "RFC 7627, section 5.4",
		"the server's certificate changed in a renegotiation", Peer},
	StatusRefused: {"StatusRefused", "OCSP_CB_ERROR", iana.AlertBadCertificateStatusResponse, "RFC 6066, section 8",
		"the program refused the OCSP response of the peer's certificate, or that there is none", Trust},
	StatusUnavailable: {"StatusUnavailable", "OCSP_CB_ERROR", iana.AlertInternalError, "RFC 6066, section 8",
		"the OCSP response of this side's certificate could not be had", Local},
	RequestContextWrong: {"RequestContextWrong", "DECODE_ERROR", iana.AlertIllegalParameter, "RFC 9846, section 4.5.1",
		"the certificate_request_context is not the one that was asked for", Peer},
	EMSMissing: {"EMSMissing", "RESUMED_EMS_SESSION_WITHOUT_EMS_EXTENSION", iana.AlertHandshakeFailure, "RFC 7627, section 5.3",
		"the session was made with extended_master_secret and is resumed without it", Peer},
	EMSUnexpected: {"EMSUnexpected", "RESUMED_NON_EMS_SESSION_WITH_EMS_EXTENSION", iana.AlertHandshakeFailure, "RFC 7627, section 5.3",
		"the session was made without extended_master_secret and is resumed with it", Peer},
	EMSRequired: {"EMSRequired", "MISSING_EXTENSION", iana.AlertHandshakeFailure, "RFC 7627, section 5",
		"the peer does not know extended_master_secret, which is required here", Both},
	SessionVersionChanged: {"SessionVersionChanged", "OLD_SESSION_VERSION_NOT_RETURNED", iana.AlertIllegalParameter, "RFC 5246, section 7.4.1.3",
		"the server resumed a session with another version", Peer},
	SessionSuiteChanged: {"SessionSuiteChanged", "OLD_SESSION_CIPHER_NOT_RETURNED", iana.AlertIllegalParameter, "RFC 5246, section 7.4.1.3",
		"the server resumed a session with another cipher suite", Peer},
	RenegotiationMismatch: {"RenegotiationMismatch", "RENEGOTIATION_MISMATCH", iana.AlertHandshakeFailure, "RFC 5746, section 3.4",
		"renegotiation_info does not belong to this connection", Peer},
	HelloRequestForm: {"HelloRequestForm", "BAD_HELLO_REQUEST", iana.AlertDecodeError, "RFC 5246, section 7.4.1.1",
		"a HelloRequest is not empty", Peer},
	HelloRequestExpected: {"HelloRequestExpected", "BAD_HELLO_REQUEST", iana.AlertUnexpectedMessage, "RFC 5246, section 7.4.1.1",
		"a server sent something other than a HelloRequest after the handshake", Peer},
	RenegotiationVersion: {"RenegotiationVersion", "WRONG_SSL_VERSION", iana.AlertProtocolVersion, "RFC 5246, section 7.4.1.3",
		"the server chose another version in a renegotiation", Peer},
	RenegotiationEMS: {"RenegotiationEMS", "RENEGOTIATION_EMS_MISMATCH", iana.AlertHandshakeFailure, "RFC 7627, section 5.4",
		"extended_master_secret was agreed on in one handshake of the connection and not in the other", Peer},
	RenegotiationEtM: {"RenegotiationEtM", "RENEGOTIATION_MISMATCH", iana.AlertHandshakeFailure, "RFC 7366, section 3.1",
		"encrypt_then_mac was agreed on before, and a renegotiation with a suite that it is for goes without", Peer},
	RenegotiationUnsafe: {"RenegotiationUnsafe", "UNSAFE_LEGACY_RENEGOTIATION_DISABLED", iana.AlertHandshakeFailure, "RFC 5746, section 4.1",
		"the peer does not know secure renegotiation", Both},
	NoRenegotiation: {"NoRenegotiation", "NO_RENEGOTIATION", iana.AlertNoRenegotiation, "RFC 5246, section 7.2.2",
		"the peer wants to renegotiate and this side does not", Both},
	PointFormatMissing: {"PointFormatMissing", "ERROR_PARSING_EXTENSION", iana.AlertIllegalParameter, "RFC 8422, section 5.1.2",
		"the list of point formats lacks uncompressed", Peer},
	EarlyDataUnexpected: {"EarlyDataUnexpected", "UNEXPECTED_EXTENSION", iana.AlertUnsupportedExtension, "RFC 9846, section 4.3.10",
		"the server accepted early data without resuming the session", Peer},
	EarlyDataTooLong: {"EarlyDataTooLong", "TOO_MUCH_SKIPPED_EARLY_DATA", iana.AlertUnexpectedMessage, "RFC 9846, section 4.3.10",
		"the client sent more early data than may be skipped", Peer},
	EarlyDataOverLimit: {"EarlyDataOverLimit", "TOO_MUCH_READ_EARLY_DATA", iana.AlertUnexpectedMessage, "RFC 9846, section 4.3.10",
		"the client sent more early data than its ticket allows", Peer},
	EarlyDataVersion: {"EarlyDataVersion", "WRONG_VERSION_ON_EARLY_DATA", iana.AlertProtocolVersion, "RFC 9846, appendix E.3",
		"the server answered early data with an older version, though it had given a ticket for it", Both},
	EarlyDataSuite: {"EarlyDataSuite", "CIPHER_MISMATCH_ON_EARLY_DATA", iana.AlertIllegalParameter, "RFC 9846, section 4.3.10",
		"the server accepted early data with another cipher suite than its ticket's", Peer},
	EarlyDataProtocol: {"EarlyDataProtocol", "ALPN_MISMATCH_ON_EARLY_DATA", iana.AlertIllegalParameter, "RFC 9846, section 4.3.10",
		"the server accepted early data with another application protocol than its ticket's", Peer},
	DataInHandshake: {"DataInHandshake", "UNEXPECTED_RECORD", iana.AlertUnexpectedMessage, "RFC 9846, section 5",
		"application data came before the handshake was complete", Peer},
	ECHInnerForm: {"ECHInnerForm", "DECODE_ERROR", iana.AlertIllegalParameter, "RFC 9849, section 5.1",
		"the encrypted ClientHello could not be decoded", Peer},
	ECHInnerInvalid: {"ECHInnerInvalid", "INVALID_CLIENT_HELLO_INNER", iana.AlertIllegalParameter, "RFC 9849, section 7.1",
		"the encrypted ClientHello does not say that it is one, or offers other versions than TLS 1.3", Peer},
	ECHInnerBare: {"ECHInnerBare", "UNEXPECTED_EXTENSION", iana.AlertIllegalParameter, "RFC 9849, section 7",
		"a ClientHello that is to be encrypted came in the clear", Peer},
	ECHOuterExtension: {"ECHOuterExtension", "INVALID_OUTER_EXTENSION", iana.AlertIllegalParameter, "RFC 9849, section 5.1",
		"the encrypted ClientHello refers to an extension that may not be referred to", Peer},
	ECHChanged: {"ECHChanged", "DECODE_ERROR", iana.AlertIllegalParameter, "RFC 9849, section 7.1.1",
		"the second ClientHello is encrypted in another way than the first", Peer},
	ECHNotDecrypted: {"ECHNotDecrypted", "DECRYPTION_FAILED", iana.AlertDecryptError, "RFC 9849, section 7.1.1",
		"the second encrypted ClientHello could not be decrypted", Peer},
	ECHInconsistent: {"ECHInconsistent", "INCONSISTENT_ECH_NEGOTIATION", iana.AlertIllegalParameter, "RFC 9849, section 6.1.5",
		"the server accepted the encrypted ClientHello in its HelloRetryRequest and not in its ServerHello", Peer},
	ECHResumed: {"ECHResumed", "UNEXPECTED_EXTENSION", iana.AlertIllegalParameter, "RFC 9849, section 6.1.2",
		"the server resumed a session of the encrypted ClientHello, which it rejected", Peer},
	ECHRejected: {"ECHRejected", "ECH_REJECTED", iana.AlertECHRequired, "RFC 9849, section 6.1.6",
		"the server rejected the encrypted ClientHello", Both},
	ECHConfigsForm: {"ECHConfigsForm", "INVALID_ECH_CONFIG_LIST", iana.AlertInternalError, "RFC 9849, section 4",
		"the list of configurations for Encrypted Client Hello cannot be read", Local},
	ECHConfigsUnusable: {"ECHConfigsUnusable", "UNUSABLE_ECH_CONFIG_LIST", iana.AlertInternalError, "RFC 9849, section 6.1",
		"no configuration for Encrypted Client Hello can be used", Local},
}

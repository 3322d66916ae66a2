package eventlog

import "strings"

// firstState is the number of the first of our own internal error states. Those
// of Schannel are below.
const firstState = 20001

// stateNames are the names of faults in the order of their states. A new fault is
// added at the end: the numbers are stable.
const stateNames = `
Internal DecodeError HelloForm UnexpectedMessage UnexpectedRecord ExcessHandshakeData NotTLS HTTPRequest
HTTPSProxyRequest SSL2Hello RecordVersionWrong RecordOverflow PlaintextOverflow RecordTooShort BadRecordMAC
OuterTypeWrong InnerTypeMissing EmptyRecords EmptyHandshakeRecord WarningAlerts BadAlert AlertLevelWrong
MessageTooLong KeyUpdates KeyUpdateWrong KeyUsageExhausted BadChangeCipherSpec UnexpectedChangeCipherSpec
MissingChangeCipherSpec NoBytes Truncated TruncatedData Reset ClosedInHandshake PeerAlert HelloRefused
HandshakeTime Canceled NoSharedVersion VersionNotOffered SelectedVersionWrong RetryVersionMismatch
NoVersionsEnabled InappropriateFallback Downgraded NoSharedSuite SuiteNotOffered SuiteChanged NoSharedGroup
GroupNotOffered KeyShareWrong KeyShareInvalid PrimeLength DuplicateKeyShare KeyShareUnsupported
MissingKeyShare MissingGroups MissingExtension NoSharedScheme NoSharedScheme12 RequestSchemesMissing
SchemesMissing SchemeNotOffered SignatureSchemeWrong SignatureWrong FinishedWrong BinderWrong BinderCount
PSKNotLast PSKIdentityWrong PSKModeMissing PSKHashWrong PSKMissing PSKGone PSKRemoved NoSharedPSK
PSKModeUnsupported DuplicateExtension ForbiddenExtension UnsolicitedExtension QUICParameters ExtensionValue
ExtensionForm CompressionWrong CompressionChosen SessionIDWrong EmptyRetry SecondRetry HelloChanged
ProtocolListForm NoSharedProtocol ProtocolNameWrong ProtocolNotOffered UnrecognizedName NoCertificate
CertificateUnusable SigningFailed ConfigFailed Rejected RefusedByProgram NoBinding CertificateMissing
CertificateMissing12 CertificateListEmpty CompressionUnknown DecompressionFailed DecompressedTooLong
CertificateParse BadCertificate UnknownCA MissingIntermediate SelfSigned CertificateExpired
CertificateNotYetValid CertificateRevoked NameMismatch WrongPurpose WeakKey CertificateRefused RawKeyUnknown
CertificateTypeWrong NoSharedCertificateType CertificateKeyUnsupported CertificateTypeRefused
CertificateTypesWrong NoSharedIssuer DelegationInvalid DelegationUnasked CertificateTypeUnasked KeyUsageWrong
CertificateChanged StatusRefused StatusUnavailable RequestContextWrong EMSMissing EMSUnexpected EMSRequired
SessionVersionChanged SessionSuiteChanged RenegotiationMismatch HelloRequestForm RenegotiationVersion
RenegotiationEMS RenegotiationUnsafe NoRenegotiation PointFormatMissing EarlyDataUnexpected EarlyDataTooLong
EarlyDataOverLimit EarlyDataVersion EarlyDataSuite EarlyDataProtocol DataInHandshake ECHInnerForm
ECHInnerInvalid ECHInnerBare ECHOuterExtension ECHChanged ECHNotDecrypted ECHInconsistent ECHResumed
ECHRejected ECHConfigsForm ECHConfigsUnusable CurveNotOffered CertificateCurveWrong KeyAlgorithmNotOffered
HelloRequestExpected ExtensionInClear LegacyVersionChanged RevocationUnknown
RenegotiationEtM HelloVersionWrong NoSharedFinite`

var states = func() map[string]int {
	m := map[string]int{}
	for i, name := range strings.Fields(stateNames) {
		m[name] = firstState + i
	}
	return m
}()

// StateOf gives the internal error state that stands in the system-log form of a
// fault, if Schannel has none that is known. 0: there is no such fault.
func StateOf(faultName string) int { return states[faultName] }

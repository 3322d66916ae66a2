package certs

import (
	"fmt"
	"strings"
)

// An Error says what keeps a certificate from being used, where, and the way
// out.
type Error struct {
	File  string // "" if no file is concerned
	Block int    // of the PEM blocks in the file, from 1; 0 for the file as a whole
	Type  string // of the block, such as "CERTIFICATE"
	What  string // what is wrong
	Hint  string // what to do, "" if nothing can be said
	Err   error  // the cause, may be nil
}

// Error gives file, block, what is wrong, the cause and the hint in one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Block > 0 {
		fmt.Fprintf(&b, ", block %d (%s)", e.Block, e.Type)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	b.WriteString(e.What)
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// A NoticeCode names a kind of notice, for machines and for a page of help.
type NoticeCode string

// What can be said about a certificate that is used nevertheless.
const (
	Reordered           NoticeCode = "reordered"            // the chain stood in another order in the file
	Completed           NoticeCode = "completed"            // an issuer was added that the files did not have
	Unrelated           NoticeCode = "unrelated"            // a certificate in the file is not part of the chain
	MissingIntermediate NoticeCode = "missing-intermediate" // the chain ends before a root that is known
	Expired             NoticeCode = "expired"
	ExpiresSoon         NoticeCode = "expires-soon"
	NotYetValid         NoticeCode = "not-yet-valid"
	WeakKey             NoticeCode = "weak-key"
	WeakSignature       NoticeCode = "weak-signature" // SHA-1 or MD5
	NoNames             NoticeCode = "no-names"       // no subject alternative names
	WrongPurpose        NoticeCode = "wrong-purpose"  // the extended key usage is not for servers
	IsAuthority         NoticeCode = "is-authority"   // a CA's own certificate
	SelfSigned          NoticeCode = "self-signed"
	CannotStaple        NoticeCode = "cannot-staple" // it asks for a stapled response, and names nobody who gives one
)

// A Notice is something a client may stumble over. The certificate is used as it
// is.
type Notice struct {
	Code NoticeCode
	Text string // names the certificate, the consequence and what to do
}

// String gives the text.
func (n Notice) String() string { return n.Text }

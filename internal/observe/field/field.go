// Package field shows messages of TLS field by field, in the manner of a
// protocol analyser's tree. It reads with package wire.
package field

// A Field is a line of the tree.
type Field struct {
	Name  string // as the RFC has it: "legacy_version", "cipher_suites", "server_name"
	Label string // for people: "Cipher Suites (12 suites)"
	Value string // for people, empty if the children say it
	Code  uint64 // the number behind Value, if HasCode
	Has   bool   // whether Code counts
	Start int    // in bytes from the first of the message
	End   int    // after the last byte
	Error string // what does not make sense from here on
	Sub   []Field
}

package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// ParseServerNameClient reads server_name of a ClientHello and gives the host
// name, in ASCII. RFC 6066, section 3:
//
//	struct {
//	    NameType name_type = host_name(0);
//	    opaque HostName<1..2^16-1>;
//	} ServerName;
//	ServerName server_name_list<1..2^16-1>;
//
// A list may hold one name of a type, and there is only one type. No DNS name is
// longer than 255 bytes (RFC 1035, section 2.3.4).
func ParseServerNameClient(body []byte) ([]byte, error) {
	r := newExtension("server_name", body)
	list := r.Vec(2, "server_name_list", 1)
	if err := r.Done(); err != nil {
		return nil, err
	}
	l := r.within(list)
	t := iana.NameType(l.U8("name_type"))
	l.Check(t == iana.NameHost, "name_type", "it is not host_name")
	name := l.Vec(2, "HostName", 1)
	l.Check(len(name) <= maxName, "HostName", "it is longer than any name")
	for _, c := range name {
		l.Check(c != 0, "HostName", "it holds a zero byte")
	}
	return name, l.Done()
}

// maxName is the length in bytes of the longest DNS name.
const maxName = 255

// AppendServerNameClient appends the extension of a ClientHello.
func AppendServerNameClient(b []byte, host string) []byte {
	b, m := openExtension(b, iana.ExtServerName)
	b, l := open(b, 2)
	b = vec(append(b, byte(iana.NameHost)), 2, []byte(host))
	return m.Close(l.Close(b))
}

// AppendServerNameServer appends the empty extension with which a server says
// that it used the name.
func AppendServerNameServer(b []byte) []byte { return AppendExtension(b, iana.ExtServerName, nil) }

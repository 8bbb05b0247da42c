package mailtest

import (
	"bytes"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Action is what a Fault does to a connection.
type Action int

// The actions of a Fault.
const (
	Cut     Action = iota // close both sides in order (FIN)
	Reset                 // close both sides hard (RST)
	Stall                 // pass nothing more in this direction, until Heal
	Swallow               // lose the line that contains At, pass the rest
)

// Fault is what goes wrong on the connections made after Inject, in one
// direction: from server to client, or ToServer.
type Fault struct {
	Do       Action
	ToServer bool
	After    int    // bytes of a connection that pass in this direction before it strikes
	At       string // or strikes before the line that contains this text; what is written in one piece is searched
	Times    int    // strikes so often, then never again; 0 = on every connection
}

// Proxy stands between a client and a server and spoils what passes. With no
// fault injected everything passes as it is.
type Proxy struct {
	Addr string // host:port to connect to

	target string
	mu     sync.Mutex
	faults []*Fault
	each   func() Fault // what goes wrong on a new connection; nil: nothing more
	struck int
	speed  int                   // bytes a second in each direction; 0 = unlimited
	healed chan struct{}         // closed by Heal
	open   map[net.Conn]net.Conn // client → server
}

// StartProxy returns a proxy before target: host:port, or the path of a unix
// socket. It ends with the test.
func StartProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{Addr: l.Addr().String(), target: target, healed: make(chan struct{}), open: map[net.Conn]net.Conn{}}
	t.Cleanup(func() { l.Close(); p.Heal(); p.CutAll() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go p.connect(client)
		}
	}()
	return p
}

// Inject adds a fault.
func (p *Proxy) Inject(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.Times == 0 {
		f.Times = -1
	}
	p.faults = append(p.faults, &f)
}

// Each gives every connection made from now on a fault of its own. f is not
// called by two connections at once.
func (p *Proxy) Each(f func() Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.each = f
}

// Speed limits each direction of every connection to so many bytes a second;
// 0 ends the limit.
func (p *Proxy) Speed(bytes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.speed = bytes
}

// Heal removes all faults and the limit of speed; what was stalled goes on.
func (p *Proxy) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults, p.each, p.speed = nil, nil, 0
	close(p.healed)
	p.healed = make(chan struct{})
}

// CutAll cuts every connection that is open now.
func (p *Proxy) CutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for client, server := range p.open {
		client.Close()
		server.Close()
	}
}

// Struck returns how often a fault has struck.
func (p *Proxy) Struck() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.struck
}

func (p *Proxy) connect(client net.Conn) {
	network := "tcp"
	if strings.HasPrefix(p.target, "/") {
		network = "unix"
	}
	server, err := net.Dial(network, p.target)
	if err != nil {
		client.Close()
		return
	}
	p.mu.Lock()
	p.open[client] = server
	faults := slices.Clone(p.faults)
	if p.each != nil {
		f := p.each()
		f.Times = 1
		faults = append(faults, &f)
	}
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { p.pump(client, server, faults, false) })
	both.Go(func() { p.pump(server, client, faults, true) })
	both.Wait()
	p.mu.Lock()
	delete(p.open, client)
	p.mu.Unlock()
	client.Close()
	server.Close()
}

// pump passes what from sends to to, until either ends or a fault does.
func (p *Proxy) pump(to, from net.Conn, faults []*Fault, toServer bool) {
	faults = slices.DeleteFunc(slices.Clone(faults), func(f *Fault) bool { return f.ToServer != toServer })
	buf := make([]byte, 32<<10)
	passed := 0
	for {
		n, err := from.Read(buf[:p.portion(len(buf))])
		chunk := buf[:n]
		for i := 0; i < len(faults); i++ {
			f := faults[i]
			start, end, hit := f.hits(chunk, passed)
			if !hit || !p.strikes(f) {
				continue
			}
			faults = slices.Delete(faults, i, i+1) // once on a connection
			i--
			if f.Do == Swallow {
				chunk = append(slices.Clone(chunk[:start]), chunk[end:]...)
				continue
			}
			to.Write(chunk[:start])
			if f.Do != Stall {
				shut(to, f.Do == Reset)
				shut(from, f.Do == Reset)
				return
			}
			p.wait(from)
			passed += start
			chunk = chunk[start:]
		}
		passed += len(chunk)
		if _, werr := to.Write(chunk); werr != nil {
			shut(from, false)
			return
		}
		if err != nil {
			// Half closed: the other direction may still have something to say.
			if half, ok := to.(interface{ CloseWrite() error }); ok {
				half.CloseWrite()
			}
			return
		}
		p.rest(n)
	}
}

// hits says whether the fault strikes in this chunk, and where: everything
// before start passes, a line that is swallowed ends at end.
func (f *Fault) hits(chunk []byte, passed int) (start, end int, hit bool) {
	if f.At == "" {
		start = f.After - passed
		return max(start, 0), len(chunk), start < len(chunk)
	}
	i := bytes.Index(chunk, []byte(f.At))
	if i < 0 {
		return 0, 0, false
	}
	start = bytes.LastIndexByte(chunk[:i], '\n') + 1
	end = len(chunk)
	if j := bytes.IndexByte(chunk[i:], '\n'); j >= 0 {
		end = i + j + 1
	}
	return start, end, true
}

// strikes counts a strike, if the fault has one left.
func (p *Proxy) strikes(f *Fault) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.Times == 0 {
		return false
	}
	f.Times--
	p.struck++
	return true
}

// wait stalls until Heal or until the connection is cut from outside.
func (p *Proxy) wait(c net.Conn) {
	p.mu.Lock()
	healed := p.healed
	p.mu.Unlock()
	for {
		select {
		case <-healed:
			return
		case <-time.After(20 * time.Millisecond):
			if c.SetReadDeadline(time.Time{}) != nil {
				return // closed
			}
		}
	}
}

// portion is how much to read at once, and rest the pause after n bytes, so
// that the speed is even and not in bursts.
func (p *Proxy) portion(most int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.speed == 0 {
		return most
	}
	return min(most, max(1, p.speed/50))
}

func (p *Proxy) rest(n int) {
	p.mu.Lock()
	speed := p.speed
	p.mu.Unlock()
	if speed > 0 {
		time.Sleep(time.Duration(n) * time.Second / time.Duration(speed))
	}
}

func shut(c net.Conn, hard bool) {
	if tcp, ok := c.(*net.TCPConn); ok && hard {
		tcp.SetLinger(0)
	}
	c.Close()
}

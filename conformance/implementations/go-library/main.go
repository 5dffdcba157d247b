// Lets keywalk-conform ask this library what it decides.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"
)

// walker serves one request as a gateway on this library would.
type walker struct {
	pool *Pool
	walk *Walk
	own  string // the client's own key
	key  string // of the attempt under way
}

func (w *walker) Begin(now time.Duration) (string, any) {
	if w.own != "" {
		return w.own, nil
	}
	key, err := w.walk.Next(now)
	if err != nil {
		return "", exhausted(err)
	}
	w.key = key
	return key, nil
}

func (w *walker) Answer(got *answer, now time.Duration) (string, any) {
	if got == nil {
		return "", map[string]any{"transport_error": true}
	}
	if w.own != "" || !w.pool.Refused(w.key, got.status, got.header, now) {
		return "", map[string]any{"forward": got.status}
	}
	return w.Begin(now)
}

func exhausted(err error) map[string]any {
	var end *Exhausted
	errors.As(err, &end)
	return map[string]any{"exhausted": map[string]any{
		"kind": end.Kind, "retry_after_ms": float64(end.RetryAfter) / float64(time.Millisecond)}}
}

type operation struct {
	AtMS       float64 `json:"at_ms"`
	Op         string
	Keys       []string
	Key        string
	Walk       string
	CooldownMS float64 `json:"cooldown_ms"`
	Reason     Reason
}

// act plays a case that acts on a pool directly: one entry an operation.
func act(test *decisionCase, lenient bool) []any {
	pool, _ := NewPool(test.Keys, lenient)
	walks, trace := map[string]*Walk{}, []any{}
	for _, op := range test.Operations {
		now, entry := moment(op.AtMS), map[string]any{}
		switch op.Op {
		case "create":
			made, err := NewPool(op.Keys, lenient)
			if err != nil {
				entry["error"] = err.Error()
			} else {
				pool, walks = made, map[string]*Walk{}
			}
		case "mark_temporary":
			entry["transition"] = pool.MarkTemporary(op.Key, moment(op.CooldownMS), op.Reason, now)
		case "mark_permanent":
			entry["transition"] = pool.MarkPermanent(op.Key)
		case "walk":
			walks[op.Walk] = pool.Walk()
		case "next":
			if key, err := walks[op.Walk].Next(now); err != nil {
				entry = exhausted(err)
			} else {
				entry["key"] = key
			}
		case "attempts":
			entry["attempts"] = walks[op.Walk].attempts
		case "states":
			entry["states"] = pool.States(now)
		case "reason":
			entry["reason"] = nil
			if reason := pool.ReasonOf(op.Key, now); reason != "" {
				entry["reason"] = reason
			}
		}
		trace = append(trace, entry)
	}
	return trace
}

func decide(raw json.RawMessage, policy string) (any, error) {
	test, err := decode(raw)
	if err != nil {
		return nil, err
	}
	lenient := policy == "coder-v2"
	if test.Operations != nil {
		return act(test, lenient), nil
	}
	pool, err := NewPool(test.Keys, lenient)
	if err != nil {
		return nil, err
	}
	serve := func(r request) server {
		own := r.Byok
		if own == "" {
			own = ClientKey(test.Provider, headerOf(r.Headers))
		}
		return &walker{pool: pool, walk: pool.Walk(), own: own}
	}
	return play(test, serve, pool.States), nil
}

type command struct {
	Seq    int
	Cmd    string
	Case   json.RawMessage
	Policy string
}

func reply(c command) map[string]any {
	switch c.Cmd {
	case "hello":
		return map[string]any{"name": "keypool.go", "version": "1.0", "language": runtime.Version(),
			"policies": []string{"coder-v1", "coder-v2"}, "capabilities": []string{"decide", "decide.pool", "pool.validation"}}
	case "decide":
		trace, err := decide(c.Case, c.Policy)
		if err != nil {
			return map[string]any{"error": map[string]any{"message": err.Error()}}
		}
		return map[string]any{"trace": trace}
	case "setup":
		return map[string]any{"skipped": map[string]any{"reason": "keypool.go is a library, not a gateway"}}
	}
	return map[string]any{}
}

func main() {
	in, out := bufio.NewReader(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var c command
		if err := json.Unmarshal(line, &c); err != nil {
			fmt.Fprintln(os.Stderr, "not a command:", err)
			os.Exit(1)
		}
		answer := reply(c)
		answer["seq"] = c.Seq
		if err := out.Encode(answer); err != nil {
			return
		}
	}
}

---- MODULE Chunks ----
(***************************************************************************)
(* Image bytes beside the log. Chunks are staged on replicas; a PUT record *)
(* names them; a GC record gives an upload up. Repl.tla shows that in-sync *)
(* replicas hold the same committed records, so here the log is one        *)
(* sequence of which every replica has a prefix. What is asked here: does  *)
(* every replica that counts also have the bytes?                          *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets, TLC
CONSTANTS
  R, U,       \* replicas, uploads
  MaxLog,     \* most records
  MaxWipe,    \* most disks lost
  MUT         \* the rule that is off
VARIABLES log, pri, pos, com, app, mem, disk, vis, isr, acked, wiped
vars == <<log, pri, pos, com, app, mem, disk, vis, isr, acked, wiped>>
Sym == Permutations(R) \cup Permutations(U)
Min(a,b) == IF a < b THEN a ELSE b
None == "-"
\* The first record that names an upload settles it, in log order, the same on every replica.
First(l, i) == \A j \in 1..(i-1) : l[j].u # l[i].u
PutWins(l, i) == l[i].t = "put" /\ (First(l, i) \/ (MUT = "putAfterGc" /\ \A j \in 1..(i-1) : l[j] # l[i]))
GcWins(l, i) == l[i].t = "gc" /\ (First(l, i) \/ MUT = "gcAfterPut")
Written(l, n) == {l[i].u : i \in {i \in 1..n : PutWins(l, i)}}

Init ==
  /\ log = <<>> /\ pri \in R /\ pos = [r \in R |-> 0] /\ com = 0 /\ app = [r \in R |-> 0]
  /\ mem = [r \in R |-> {}] /\ disk = [r \in R |-> {}] /\ vis = [r \in R |-> {}]
  /\ isr = R /\ acked = {} /\ wiped = 0

Stage(u) ==            \* the client's bytes reach the primary
  /\ pri # None /\ u \notin mem[pri] \cup disk[pri] /\ \A i \in 1..Len(log) : log[i].u # u
  /\ mem' = [mem EXCEPT ![pri] = @ \cup {u}]
  /\ UNCHANGED <<log, pri, pos, com, app, disk, vis, isr, acked, wiped>>
Pass(q, r, u) ==       \* fanned out while they arrive, or fetched later
  /\ q # r /\ u \in mem[q] \cup disk[q] /\ u \notin mem[r] \cup disk[r]
  /\ mem' = [mem EXCEPT ![r] = @ \cup {u}]
  /\ UNCHANGED <<log, pri, pos, com, app, disk, vis, isr, acked, wiped>>
Flush(r) ==
  /\ mem[r] # {} /\ disk' = [disk EXCEPT ![r] = @ \cup mem[r]] /\ mem' = [mem EXCEPT ![r] = {}]
  /\ UNCHANGED <<log, pri, pos, com, app, vis, isr, acked, wiped>>

Append1(e) == /\ Len(log) < MaxLog /\ log' = Append(log, e) /\ pos' = [pos EXCEPT ![pri] = Len(log) + 1]
              /\ UNCHANGED <<pri, com, app, mem, disk, vis, isr, acked, wiped>>
Put(u) == pri # None /\ (u \in disk[pri] \/ (MUT = "putUnsynced" /\ u \in mem[pri])) /\ Append1([t |-> "put", u |-> u])
Gc(u) == pri # None /\ Append1([t |-> "gc", u |-> u])
Persist(f) ==          \* to acknowledge a record is to have its chunks, fsynced
  /\ pri # None /\ f # pri /\ pos[f] < Len(log)
  /\ LET i == pos[f] + 1 IN
       PutWins(log, i) => \/ log[i].u \in disk[f]
                          \/ MUT = "ackWithoutChunks"
                          \/ (MUT = "ackUnsynced" /\ log[i].u \in mem[f])
  /\ pos' = [pos EXCEPT ![f] = @ + 1]
  /\ UNCHANGED <<log, pri, com, app, mem, disk, vis, isr, acked, wiped>>
Commit ==
  /\ pri # None
  /\ \E n \in (com+1)..Len(log) : (\A r \in isr : pos[r] >= n) /\ com' = n /\ acked' = Written(log, n)
  /\ UNCHANGED <<log, pri, pos, app, mem, disk, vis, isr, wiped>>
Apply(r) ==
  /\ app[r] < Min(com, pos[r])
  /\ LET i == app[r] + 1
         u == log[i].u
     IN /\ app' = [app EXCEPT ![r] = i]
        /\ vis' = IF PutWins(log, i) THEN [vis EXCEPT ![r] = @ \cup {u}] ELSE vis
        /\ disk' = IF GcWins(log, i) THEN [disk EXCEPT ![r] = @ \ {u}] ELSE disk
        /\ mem' = IF GcWins(log, i) THEN [mem EXCEPT ![r] = @ \ {u}] ELSE mem
  /\ UNCHANGED <<log, pri, pos, com, isr, acked, wiped>>
LocalGc(r, u) ==       \* mutant: every replica clears away by its own clock what looks abandoned
  /\ MUT = "gcOutOfLog" /\ u \in disk[r] /\ u \notin vis[r] /\ disk' = [disk EXCEPT ![r] = @ \ {u}]
  /\ UNCHANGED <<log, pri, pos, com, app, mem, vis, isr, acked, wiped>>

Crash(r) ==            \* what was not fsynced is gone: chunks in memory, and some of what was applied
  /\ mem' = [mem EXCEPT ![r] = {}] /\ pri' = IF pri = r THEN None ELSE pri
  /\ \E a \in 0..app[r] : app' = [app EXCEPT ![r] = a] /\ vis' = [vis EXCEPT ![r] = Written(log, a)]
  /\ (mem' # mem \/ pri' # pri \/ app' # app)
  /\ UNCHANGED <<log, pos, com, disk, isr, acked, wiped>>
Elect(c) ==
  /\ pri = None /\ c \in isr /\ pri' = c
  /\ log' = SubSeq(log, 1, pos[c]) /\ pos' = [r \in R |-> Min(pos[r], pos[c])]
  /\ UNCHANGED <<com, app, mem, disk, vis, isr, acked, wiped>>
Shrink(r) ==
  /\ pri # None /\ r \in isr \ {pri} /\ isr' = isr \ {r}
  /\ UNCHANGED <<log, pri, pos, com, app, mem, disk, vis, acked, wiped>>
Expand(r) ==
  /\ pri # None /\ r \notin isr /\ pos[r] = Len(log) /\ isr' = isr \cup {r}
  /\ UNCHANGED <<log, pri, pos, com, app, mem, disk, vis, acked, wiped>>
Wipe(r) ==             \* a new incarnation: not in sync until it has caught up
  /\ wiped < MaxWipe /\ r # pri /\ isr \ {r} # {} /\ wiped' = wiped + 1 /\ isr' = isr \ {r}
  /\ pos' = [pos EXCEPT ![r] = 0] /\ app' = [app EXCEPT ![r] = 0] /\ vis' = [vis EXCEPT ![r] = {}]
  /\ mem' = [mem EXCEPT ![r] = {}] /\ disk' = [disk EXCEPT ![r] = {}]
  /\ UNCHANGED <<log, pri, com, acked>>

Next == \/ \E u \in U : Stage(u) \/ Put(u) \/ Gc(u)
        \/ \E r \in R : Flush(r) \/ Persist(r) \/ Apply(r) \/ Crash(r) \/ Elect(r) \/ Shrink(r) \/ Expand(r) \/ Wipe(r)
        \/ \E r \in R, u \in U : LocalGc(r, u) \/ \E q \in R : Pass(q, r, u)
        \/ Commit
Spec == Init /\ [][Next]_vars

Whole == \A r \in R : vis[r] \subseteq disk[r]                 \* what can be read can be read to its end
Kept == \A r \in isr : acked \subseteq disk[r] /\ acked \subseteq Written(log, pos[r])
Same == \A r \in R : vis[r] = Written(log, app[r])             \* same records, same blobs
====

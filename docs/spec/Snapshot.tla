---- MODULE Snapshot ----
(***************************************************************************)
(* A replica that has fallen behind the trimmed log gets a snapshot. One   *)
(* replica is looked at; everybody else is the ghost sequence hist of all  *)
(* records. The replica has a readable state (kst, up to record app), a    *)
(* durable copy of an older one (dur), and the records base+1..pos. Any    *)
(* snapshot ever taken may arrive, late or twice, and the process may die  *)
(* between any two steps.                                                  *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets, TLC
CONSTANTS
  K,          \* names of blobs
  MaxLog,     \* most records
  MUT         \* the rule that is off
VARIABLES hist, com, pbase, ack, insync, snaps, mode, todo, target, base, pos, app, kst, dur
vars == <<hist, com, pbase, ack, insync, snaps, mode, todo, target, base, pos, app, kst, dur>>
Sym == Permutations(K)
Max(a,b) == IF a > b THEN a ELSE b
Min(a,b) == IF a < b THEN a ELSE b
Do(s, e) == IF e.on THEN s \cup {e.k} ELSE s \ {e.k}
RECURSIVE St(_)
St(n) == IF n = 0 THEN {} ELSE Do(St(n-1), hist[n])
Init ==
  /\ hist = <<>> /\ com = 0 /\ pbase = 0 /\ ack = 0 /\ insync = TRUE /\ snaps = {}
  /\ mode = "ok" /\ todo = {} /\ target = 0
  /\ base = 0 /\ pos = 0 /\ app = 0 /\ kst = {} /\ dur = [app |-> 0, kst |-> {}]
PrimarySide == <<mode, todo, target, base, pos, app, kst, dur>>
ReplicaSide == <<hist, com, pbase, insync, snaps>>

\* ---- the primary and whoever else is in sync ----
Write(k, on) == /\ Len(hist) < MaxLog /\ hist' = Append(hist, [k |-> k, on |-> on])
                /\ UNCHANGED <<com, pbase, ack, insync, snaps>> /\ UNCHANGED PrimarySide
Commit == /\ \E n \in (com+1)..Len(hist) : (insync => ack >= n) /\ com' = n
          /\ UNCHANGED <<hist, pbase, ack, insync, snaps>> /\ UNCHANGED PrimarySide
\* Never past what somebody electable still has to get: the log serves those, snapshots the rest.
TrimP == /\ \E n \in (pbase+1)..com : (insync => ack >= n) /\ pbase' = n
         /\ UNCHANGED <<hist, com, ack, insync, snaps>> /\ UNCHANGED PrimarySide
Take == /\ \E n \in Max(pbase, 1)..com :
             \E m \in (IF MUT = "twoMoments" THEN 0..n ELSE {n}) : snaps' = snaps \cup {[n |-> n, kst |-> St(m)]}
        /\ snaps' # snaps
        /\ UNCHANGED <<hist, com, pbase, ack, insync>> /\ UNCHANGED PrimarySide
Shrink == insync /\ insync' = FALSE /\ UNCHANGED <<hist, com, pbase, ack, snaps>> /\ UNCHANGED PrimarySide
Expand == ~insync /\ ack >= com /\ insync' = TRUE /\ UNCHANGED <<hist, com, pbase, ack, snaps>> /\ UNCHANGED PrimarySide

\* ---- the replica: ordinary life ----
Persist == /\ mode = "ok" /\ pos < Len(hist) /\ pos >= pbase
           /\ pos' = pos + 1 /\ ack' = Max(ack, pos')
           /\ UNCHANGED ReplicaSide /\ UNCHANGED <<mode, todo, target, base, app, kst, dur>>
Apply == /\ mode = "ok" /\ app < Min(com, pos)
         /\ LET i == Max(app, base) + 1 IN     \* the next record there is; trimming must not have left a gap
            i <= Min(com, pos) /\ app' = i /\ kst' = Do(kst, hist[i])
         /\ UNCHANGED ReplicaSide /\ UNCHANGED <<ack, mode, todo, target, base, pos, dur>>
Flush == /\ mode = "ok" /\ dur' = [app |-> app, kst |-> kst] /\ dur' # dur
         /\ UNCHANGED ReplicaSide /\ UNCHANGED <<ack, mode, todo, target, base, pos, app, kst>>
TrimF == /\ mode = "ok"
         /\ \E n \in (base+1)..(IF MUT = "trimUnflushed" THEN app ELSE dur.app) : base' = n
         /\ UNCHANGED ReplicaSide /\ UNCHANGED <<ack, mode, todo, target, pos, app, kst, dur>>

\* ---- the replica: installing ----
Begin(s) ==
  /\ s \in snaps /\ (s.n > pos \/ MUT = "lateSnapshot")
  /\ mode \in {"ok", "inst"}
  /\ mode' = "inst" /\ target' = s.n /\ todo' = s.kst
  /\ base' = 0 /\ pos' = 0 /\ app' = 0
  /\ kst' = IF MUT = "merge" THEN kst ELSE {}
  /\ dur' = IF MUT = "noMark" THEN [app |-> s.n, kst |-> {}] ELSE [app |-> 0, kst |-> {}]
  /\ ack' = IF MUT = "ackEarly" THEN Max(ack, s.n) ELSE ack
  /\ UNCHANGED ReplicaSide
Part(k) ==
  /\ mode = "inst" /\ target > 0 /\ k \in todo /\ todo' = todo \ {k} /\ kst' = kst \cup {k}
  /\ dur' = IF MUT = "noMark" THEN [dur EXCEPT !.kst = kst'] ELSE dur
  /\ UNCHANGED ReplicaSide /\ UNCHANGED <<ack, mode, target, base, pos, app>>
Finish ==              \* one fsync makes the whole of it valid; only then does it count
  /\ mode = "inst" /\ target > 0 /\ todo = {}
  /\ mode' = "ok" /\ target' = 0 /\ base' = target /\ pos' = target /\ app' = target
  /\ dur' = [app |-> target, kst |-> kst] /\ ack' = Max(ack, target)
  /\ UNCHANGED ReplicaSide /\ UNCHANGED <<todo, kst>>

Crash ==
  /\ IF mode = "ok"
     THEN app' = dur.app /\ kst' = dur.kst /\ app' # app /\ UNCHANGED <<mode, todo, target, base, pos>>
     ELSE IF MUT = "noMark" /\ target > 0
     THEN \* nothing on the disk says that this is half a snapshot
          /\ mode' = "ok" /\ todo' = {} /\ target' = 0 /\ base' = dur.app /\ pos' = dur.app /\ app' = dur.app
          /\ kst' = dur.kst
     ELSE \* the mark says so: whatever is there is thrown away, a snapshot has to come again
          /\ target > 0 /\ todo' = {} /\ target' = 0 /\ kst' = IF MUT = "merge" THEN kst ELSE {}
          /\ UNCHANGED <<mode, base, pos, app>>
  /\ UNCHANGED ReplicaSide /\ UNCHANGED <<ack, dur>>

Next == \/ \E k \in K : Part(k) \/ Write(k, TRUE) \/ Write(k, FALSE)
        \/ \E s \in snaps : Begin(s)
        \/ Commit \/ TrimP \/ Take \/ Shrink \/ Expand \/ Persist \/ Apply \/ Flush \/ TrimF \/ Finish \/ Crash
Spec == Init /\ [][Next]_vars

Truthful == mode = "ok" => app <= pos /\ kst = St(app)   \* no delete undone, no write missing
Kept == insync => mode = "ok" /\ pos >= com              \* who may be elected has all that was acknowledged
====

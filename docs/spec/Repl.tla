---- MODULE Repl ----
(***************************************************************************)
(* One shard's replication: who may lead, what may be acknowledged, what   *)
(* may be read. The shard's configuration is one register that changes by  *)
(* compare-and-set only (zk); everything between replicas may be late or   *)
(* never happen. MUT names the one rule that is switched off; "none" keeps *)
(* them all. README.md explains rules, mutants and bounds.                 *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets, TLC
CONSTANTS
  R,          \* the replicas
  MinIsr,     \* fewest in-sync members with which a record may be acknowledged
  MaxVal,     \* bounds that make the model finite: values written,
  MaxEp,      \*   elections,
  MaxVer,     \*   configurations,
  MaxWipe,    \*   disks lost
  MUT,        \* the rule that is off
  UseLease,   \* whether replicas grant read leases
  Lost        \* whether a compare-and-set and its answer may get lost
VARIABLES zk, log, prom, inc, role, ep, view, pend, cas, commit, start, ackd, acked, nextv, lease, grant
vars == <<zk, log, prom, inc, role, ep, view, pend, cas, commit, start, ackd, acked, nextv, lease, grant>>
Sym == Permutations(R)
Min(a,b) == IF a < b THEN a ELSE b
Max(a,b) == IF a > b THEN a ELSE b
Vals(s) == {s[i].v : i \in 1..Len(s)}
Common(a,b) == CHOOSE n \in 0..Min(Len(a),Len(b)) :
                 /\ \A i \in 1..n : a[i] = b[i]
                 /\ (n = Min(Len(a),Len(b)) \/ a[n+1] # b[n+1])
NoPend == [on |-> FALSE, ep |-> 0, isr |-> {}, elr |-> {}, incs |-> [r \in R |-> 0], ver |-> 0]
Leads(r) == role[r] \in {"C","P"}      \* elected, or serving; "A" has asked to be elected, "F" follows
\* A request that expects an older version can never land any more: forgetting it changes nothing.
Live(requests, ver) == {q \in requests : q.ver >= ver}
Named(c) == IF Lost THEN c ELSE "-"     \* who won matters only to a candidate that has no answer
Init ==
  /\ zk = [ep |-> 0, pri |-> "-", ver |-> 0, isr |-> R, elr |-> {}, incs |-> [r \in R |-> 0]]
  /\ log = [r \in R |-> <<>>] /\ prom = [r \in R |-> 0] /\ inc = [r \in R |-> 0]
  /\ role = [r \in R |-> "F"] /\ ep = [r \in R |-> 0]
  /\ view = [r \in R |-> [isr |-> {}, elr |-> {}, incs |-> [x \in R |-> 0], ver |-> 0]]
  /\ pend = [r \in R |-> NoPend] /\ cas = {}
  /\ commit = [r \in R |-> 0] /\ start = [r \in R |-> 0]
  /\ ackd = [e \in 1..MaxEp |-> [r \in R |-> [i \in 0..MaxWipe |-> 0]]]
  /\ acked = {} /\ nextv = 1
  /\ lease = [p \in R |-> [f \in R |-> FALSE]] /\ grant = [f \in R |-> [p \in R |-> FALSE]]

Safe == zk.isr \cup zk.elr
IncOk(c) == MUT = "noInc" \/ zk.incs[c] = inc[c]
ElrOf(safe, S) == IF Cardinality(S) >= MinIsr THEN {} ELSE safe \ S

MayElect(c) ==
  /\ role[c] = "F" /\ c \in Safe /\ IncOk(c) /\ zk.ep < MaxEp /\ zk.ver < MaxVer
  /\ prom[c] <= zk.ep
\* Asking, winning and knowing it in one step.
Elect(c) ==
  /\ ~Lost /\ MayElect(c)
  /\ \E S \in SUBSET Safe :
      /\ c \in S
      /\ zk' = [zk EXCEPT !.ep = @+1, !.ver = @+1, !.isr = S, !.elr = ElrOf(Safe, S)]
      /\ view' = [view EXCEPT ![c] = [isr |-> S, elr |-> ElrOf(Safe,S), incs |-> zk.incs, ver |-> zk.ver+1]]
  /\ role' = [role EXCEPT ![c] = "C"] /\ ep' = [ep EXCEPT ![c] = zk.ep+1]
  /\ prom' = [prom EXCEPT ![c] = zk.ep+1] /\ start' = [start EXCEPT ![c] = Len(log[c])]
  /\ pend' = [pend EXCEPT ![c] = NoPend] /\ cas' = Live(cas, zk.ver+1)
  /\ UNCHANGED <<log, inc, commit, ackd, acked, nextv, lease, grant>>

Req(p,t) == [ver |-> t.ver, ep |-> t.ep, isr |-> t.isr, elr |-> t.elr, incs |-> t.incs, from |-> p]
\* The same in three steps, with a request that may be lost on its way there, and an answer on its way back.
ElectAsk(c) ==
  /\ Lost /\ MayElect(c)
  /\ \E S \in SUBSET Safe :
      /\ c \in S
      /\ LET t == [on |-> TRUE, ep |-> zk.ep+1, isr |-> S, elr |-> ElrOf(Safe,S), incs |-> zk.incs, ver |-> zk.ver]
         IN pend' = [pend EXCEPT ![c] = t] /\ cas' = cas \cup {Req(c,t)}
  /\ role' = [role EXCEPT ![c] = "A"]
  /\ UNCHANGED <<zk, log, prom, inc, ep, view, commit, start, ackd, acked, nextv, lease, grant>>
Become(c, e, v) ==
  /\ role' = [role EXCEPT ![c] = "C"] /\ ep' = [ep EXCEPT ![c] = e] /\ prom' = [prom EXCEPT ![c] = e]
  /\ view' = [view EXCEPT ![c] = v] /\ start' = [start EXCEPT ![c] = Len(log[c])]
  /\ pend' = [pend EXCEPT ![c] = NoPend]
  /\ UNCHANGED <<zk, log, inc, cas, commit, ackd, acked, nextv, lease, grant>>
Seen == [isr |-> zk.isr, elr |-> zk.elr, incs |-> zk.incs, ver |-> zk.ver]
ElectWin(c) ==   \* the candidate reads the register and finds itself there
  /\ role[c] = "A" /\ zk.ver # pend[c].ver /\ zk.pri = c /\ zk.ep = pend[c].ep /\ prom[c] <= zk.ep
  /\ Become(c, zk.ep, Seen)
ElectBlind(c) == \* mutant: no answer is taken for a yes
  /\ MUT = "electBlind" /\ role[c] = "A" /\ prom[c] <= pend[c].ep
  /\ Become(c, pend[c].ep, [isr |-> pend[c].isr, elr |-> pend[c].elr, incs |-> pend[c].incs, ver |-> pend[c].ver+1])
ResumeNamed(c) == \* mutant: a restarted process goes on in the epoch in which the register names it
  /\ MUT = "resumeNamed" /\ role[c] = "F" /\ zk.pri = c /\ prom[c] <= zk.ep /\ Become(c, zk.ep, Seen)
ElectLose(c) ==
  /\ role[c] = "A" /\ zk.ver # pend[c].ver /\ ~(zk.pri = c /\ zk.ep = pend[c].ep /\ prom[c] <= zk.ep)
  /\ role' = [role EXCEPT ![c] = "F"] /\ pend' = [pend EXCEPT ![c] = NoPend]
  /\ UNCHANGED <<zk, log, prom, inc, ep, view, cas, commit, start, ackd, acked, nextv, lease, grant>>

Activate(c) ==
  /\ role[c] = "C"
  /\ MUT = "noGrantWait" \/ \A q \in R \ {c} : ~grant[c][q]
  /\ role' = [role EXCEPT ![c] = "P"]
  /\ UNCHANGED <<zk, log, prom, inc, ep, view, pend, cas, commit, start, ackd, acked, nextv, lease, grant>>

FenceRole(f,e) == IF Leads(f) /\ ep[f] < e THEN [role EXCEPT ![f] = "F"] ELSE role

Replicate(p,f) ==
  /\ p # f /\ role[p] \in {"C","P"}
  /\ (prom[f] <= ep[p] \/ MUT = "noFence")
  /\ ~(Leads(f) /\ ep[f] >= ep[p])
  /\ \E n \in Common(log[f],log[p])..Len(log[p]) :
      /\ log' = [log EXCEPT ![f] = SubSeq(log[p],1,n)]
      /\ ackd' = [ackd EXCEPT ![ep[p]][f][inc[f]] = Max(@, n)]
      /\ commit' = [commit EXCEPT ![f] = Max(@, Min(commit[p], n))]
      /\ (log'[f] # log[f] \/ ackd' # ackd \/ commit' # commit)
  /\ prom' = [prom EXCEPT ![f] = Max(@, ep[p])] /\ role' = FenceRole(f, ep[p])
  /\ UNCHANGED <<zk, inc, ep, view, pend, cas, start, acked, nextv, lease, grant>>

Write(p) ==
  /\ role[p] = "P" /\ nextv <= MaxVal
  /\ log' = [log EXCEPT ![p] = Append(@, [e |-> ep[p], v |-> nextv])] /\ nextv' = nextv+1
  /\ UNCHANGED <<zk, prom, inc, role, ep, view, pend, cas, commit, start, ackd, acked, lease, grant>>

CommitIsr(p) == view[p].isr \cup (IF pend[p].on /\ MUT # "expandEarly" THEN pend[p].isr ELSE {})
IncSeen(p,f) == IF pend[p].on /\ f \notin view[p].isr THEN pend[p].incs[f] ELSE view[p].incs[f]
AckOf(p,f) == IF MUT = "ackNoInc"
              THEN ackd[ep[p]][f][inc[f]]
              ELSE ackd[ep[p]][f][IncSeen(p,f)]
Commit(p) ==
  /\ role[p] = "P"
  /\ Cardinality(view[p].isr) >= MinIsr \/ MUT = "elrNoMin"
  /\ \E n \in (commit[p]+1)..Len(log[p]) :
      /\ \A f \in CommitIsr(p) \ {p} : AckOf(p,f) >= n
      /\ commit' = [commit EXCEPT ![p] = n]
      /\ acked' = acked \cup Vals(SubSeq(log[p],1,n))
  /\ UNCHANGED <<zk, log, prom, inc, role, ep, view, pend, cas, start, ackd, nextv, lease, grant>>

Expand(p,f) ==
  /\ role[p] = "P" /\ ~pend[p].on /\ f \notin view[p].isr /\ view[p].ver < MaxVer
  /\ ackd[ep[p]][f][inc[f]] >= commit[p] /\ (ackd[ep[p]][f][inc[f]] >= start[p] \/ MUT = "expandNoStart")
  /\ LET S == view[p].isr \cup {f}
         t == [on |-> TRUE, ep |-> ep[p], isr |-> S, elr |-> IF Cardinality(S) >= MinIsr THEN {} ELSE view[p].elr \ {f},
               incs |-> [view[p].incs EXCEPT ![f] = inc[f]], ver |-> view[p].ver]
     IN pend' = [pend EXCEPT ![p] = t] /\ cas' = cas \cup {Req(p,t)}
  /\ UNCHANGED <<zk, log, prom, inc, role, ep, view, commit, start, ackd, acked, nextv, lease, grant>>

Shrink(p,a) ==
  /\ role[p] = "P" /\ ~pend[p].on /\ a \in view[p].isr \ {p} /\ view[p].ver < MaxVer
  /\ LET S == view[p].isr \ {a}
         t == [on |-> TRUE, ep |-> ep[p], isr |-> S, elr |-> IF Cardinality(S) >= MinIsr THEN {} ELSE view[p].elr \cup {a},
               incs |-> view[p].incs, ver |-> view[p].ver]
     IN /\ pend' = [pend EXCEPT ![p] = t] /\ cas' = cas \cup {Req(p,t)}
        /\ view' = IF MUT = "shrinkEarly"
                   THEN [view EXCEPT ![p].isr = S]
                   ELSE view
  /\ UNCHANGED <<zk, log, prom, inc, role, ep, commit, start, ackd, acked, nextv, lease, grant>>

ZkExec(q) ==
  /\ q \in cas /\ zk.ver = q.ver
  /\ zk' = [ep |-> q.ep, pri |-> IF q.ep # zk.ep THEN Named(q.from) ELSE zk.pri, ver |-> zk.ver+1,
            isr |-> q.isr, elr |-> q.elr, incs |-> q.incs]
  /\ cas' = Live(cas, zk.ver+1)
  /\ UNCHANGED <<log, prom, inc, role, ep, view, pend, commit, start, ackd, acked, nextv, lease, grant>>
LoseRequest(q) ==
  /\ Lost /\ q \in cas /\ cas' = cas \ {q}
  /\ UNCHANGED <<zk, log, prom, inc, role, ep, view, pend, commit, start, ackd, acked, nextv, lease, grant>>
\* No answer, and the register has not moved: the very same change is asked for again.
Retry(p) ==
  /\ Lost /\ pend[p].on /\ zk.ver = pend[p].ver /\ cas' = cas \cup {Req(p,pend[p])} /\ cas' # cas
  /\ UNCHANGED <<zk, log, prom, inc, role, ep, view, pend, commit, start, ackd, acked, nextv, lease, grant>>
\* Only a register that has moved settles a question: what was read is believed, whoever wrote it.
Learn(p) ==
  /\ role[p] = "P" /\ pend[p].on /\ (zk.ver # pend[p].ver \/ MUT = "lostIsNo")
  /\ pend' = [pend EXCEPT ![p] = NoPend]
  /\ IF zk.ep = ep[p]
     THEN view' = [view EXCEPT ![p] = Seen] /\ UNCHANGED <<role, lease>>
     ELSE /\ role' = [role EXCEPT ![p] = "F"] /\ lease' = [lease EXCEPT ![p] = [f \in R |-> FALSE]]
          /\ UNCHANGED view
  /\ UNCHANGED <<zk, log, prom, inc, ep, cas, commit, start, ackd, acked, nextv, grant>>
LostIsYes(p) == \* mutant: no answer is taken for a yes
  /\ MUT = "lostIsYes" /\ role[p] = "P" /\ pend[p].on
  /\ view' = [view EXCEPT ![p] = [isr |-> pend[p].isr, elr |-> pend[p].elr, incs |-> pend[p].incs, ver |-> pend[p].ver+1]]
  /\ pend' = [pend EXCEPT ![p] = NoPend]
  /\ UNCHANGED <<zk, log, prom, inc, role, ep, cas, commit, start, ackd, acked, nextv, lease, grant>>

Renew(p,f) ==
  /\ UseLease /\ p # f /\ role[p] = "P" /\ ~lease[p][f] /\ prom[f] <= ep[p]
  /\ ~(Leads(f) /\ ep[f] >= ep[p])
  /\ prom' = [prom EXCEPT ![f] = ep[p]] /\ role' = FenceRole(f, ep[p])
  /\ lease' = [lease EXCEPT ![p][f] = TRUE] /\ grant' = [grant EXCEPT ![f][p] = TRUE]
  /\ UNCHANGED <<zk, log, inc, ep, view, pend, cas, commit, start, ackd, acked, nextv>>
ExpLease(p,f) == /\ lease[p][f] /\ lease' = [lease EXCEPT ![p][f] = FALSE]
  /\ UNCHANGED <<zk, log, prom, inc, role, ep, view, pend, cas, commit, start, ackd, acked, nextv, grant>>
ExpGrant(f,p) == /\ grant[f][p] /\ ~lease[p][f] /\ grant' = [grant EXCEPT ![f][p] = FALSE]
  /\ UNCHANGED <<zk, log, prom, inc, role, ep, view, pend, cas, commit, start, ackd, acked, nextv, lease>>

Crash(r) ==
  /\ (role[r] # "F" \/ MUT \in {"truncHW","promVolatile"})
  /\ role' = [role EXCEPT ![r] = "F"] /\ pend' = [pend EXCEPT ![r] = NoPend]
  /\ lease' = [lease EXCEPT ![r] = [f \in R |-> FALSE]]
  /\ log' = IF MUT = "truncHW" THEN [log EXCEPT ![r] = SubSeq(@,1,Min(Len(@),commit[r]))] ELSE log
  /\ prom' = IF MUT = "promVolatile" THEN [prom EXCEPT ![r] = 0] ELSE prom
  /\ UNCHANGED <<zk, inc, ep, view, cas, commit, start, ackd, acked, nextv, grant>>
Wipe(r) ==
  /\ inc[r] < MaxWipe /\ \A x \in R \ {r} : inc[x] = 0
  /\ inc' = [inc EXCEPT ![r] = @+1] /\ log' = [log EXCEPT ![r] = <<>>]
  /\ prom' = [prom EXCEPT ![r] = 0] /\ commit' = [commit EXCEPT ![r] = 0]
  /\ role' = [role EXCEPT ![r] = "F"] /\ pend' = [pend EXCEPT ![r] = NoPend]
  /\ lease' = [lease EXCEPT ![r] = [f \in R |-> FALSE]]
  /\ UNCHANGED <<zk, ep, view, cas, start, ackd, acked, nextv, grant>>

Next == \/ \E c \in R : Elect(c) \/ Activate(c) \/ Write(c) \/ Commit(c) \/ Learn(c) \/ Crash(c) \/ Wipe(c)
                      \/ ElectAsk(c) \/ ElectWin(c) \/ ElectLose(c) \/ Retry(c)
                      \/ ElectBlind(c) \/ ResumeNamed(c) \/ LostIsYes(c)
        \/ \E p \in R, f \in R : Replicate(p,f) \/ Expand(p,f) \/ Shrink(p,f) \/ Renew(p,f) \/ ExpLease(p,f) \/ ExpGrant(f,p)
        \/ \E q \in cas : ZkExec(q) \/ LoseRequest(q)
Spec == Init /\ [][Next]_vars

LeaseSet(p) == IF MUT = "leaseIsrOnly" THEN view[p].isr
               ELSE IF MUT = "leaseNoPend" THEN view[p].isr \cup view[p].elr
               ELSE view[p].isr \cup view[p].elr \cup pend[p].isr \cup pend[p].elr
CanRead(p) == /\ role[p] = "P" /\ (commit[p] >= start[p] \/ MUT = "noReconcile")
              /\ \A f \in LeaseSet(p) \ {p} : lease[p][f]
Durable == \A c \in Safe : IncOk(c) => acked \subseteq Vals(log[c])
Fresh == \A p \in R : CanRead(p) => acked \subseteq Vals(SubSeq(log[p],1,Min(commit[p],Len(log[p]))))
Agree == \A a, b \in R : LET n == Min(commit[a],commit[b]) IN n <= Len(log[a]) /\ n <= Len(log[b]) /\ SubSeq(log[a],1,n) = SubSeq(log[b],1,n)
====

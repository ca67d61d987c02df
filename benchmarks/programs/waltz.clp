; Written from waltz.rules: the same rules, joins inside the patterns so that CLIPS hashes them.
(deftemplate stage (slot value))
(deftemplate line (slot block) (slot a) (slot b))
(deftemplate edge (slot block) (slot a) (slot b) (slot joined) (slot label) (slot plotted))
(deftemplate junction (slot kind) (slot block) (slot at) (slot left) (slot middle) (slot right))
(deftemplate started (slot block))
(defrule reverse_edges
  (stage (value reverse))
  ?l <- (line (block ?k) (a ?p) (b ?q))
  =>
  (assert (edge (block ?k) (a ?p) (b ?q) (joined FALSE) (label none) (plotted FALSE)))
  (assert (edge (block ?k) (a ?q) (b ?p) (joined FALSE) (label none) (plotted FALSE)))
  (retract ?l))
(defrule done_reversing
  ?s <- (stage (value reverse))
  (not (line))
  =>
  (modify ?s (value detect)))
(defrule make_tee
  (declare (salience 10))
  (stage (value detect))
  ?e <- (edge (block ?k) (a ?p) (b ?u) (joined FALSE))
  ?f <- (edge (a ?p) (b ?v&~?u&:(> (- (* (- (div ?u 1000) (div ?p 1000)) (- (mod ?v 1000) (mod ?p 1000))) (* (- (mod ?u 1000) (mod ?p 1000)) (- (div ?v 1000) (div ?p 1000)))) 0)) (joined FALSE))
  ?g <- (edge (a ?p) (b ?w&~?u&~?v&:(eq (- (* (- (div ?u 1000) (div ?p 1000)) (- (mod ?w 1000) (mod ?p 1000))) (* (- (mod ?u 1000) (mod ?p 1000)) (- (div ?w 1000) (div ?p 1000)))) 0)) (joined FALSE))
  =>
  (assert (junction (kind tee) (block ?k) (at ?p) (left ?u) (middle ?v) (right ?w)))
  (modify ?e (joined TRUE))
  (modify ?f (joined TRUE))
  (modify ?g (joined TRUE)))
(defrule make_arrow
  (declare (salience 10))
  (stage (value detect))
  ?e <- (edge (block ?k) (a ?p) (b ?u) (joined FALSE))
  ?f <- (edge (a ?p) (b ?v&~?u&:(> (- (* (- (div ?u 1000) (div ?p 1000)) (- (mod ?v 1000) (mod ?p 1000))) (* (- (mod ?u 1000) (mod ?p 1000)) (- (div ?v 1000) (div ?p 1000)))) 0)) (joined FALSE))
  ?g <- (edge (a ?p) (b ?w&~?u&~?v&:(> (- (* (- (div ?v 1000) (div ?p 1000)) (- (mod ?w 1000) (mod ?p 1000))) (* (- (mod ?v 1000) (mod ?p 1000)) (- (div ?w 1000) (div ?p 1000)))) 0)&:(> (- (* (- (div ?u 1000) (div ?p 1000)) (- (mod ?w 1000) (mod ?p 1000))) (* (- (mod ?u 1000) (mod ?p 1000)) (- (div ?w 1000) (div ?p 1000)))) 0)) (joined FALSE))
  =>
  (assert (junction (kind arrow) (block ?k) (at ?p) (left ?u) (middle ?v) (right ?w)))
  (modify ?e (joined TRUE))
  (modify ?f (joined TRUE))
  (modify ?g (joined TRUE)))
(defrule make_fork
  (declare (salience 10))
  (stage (value detect))
  ?e <- (edge (block ?k) (a ?p) (b ?u) (joined FALSE))
  ?f <- (edge (a ?p) (b ?v&:(< ?v ?u)&:(> (- (* (- (div ?u 1000) (div ?p 1000)) (- (mod ?v 1000) (mod ?p 1000))) (* (- (mod ?u 1000) (mod ?p 1000)) (- (div ?v 1000) (div ?p 1000)))) 0)) (joined FALSE))
  ?g <- (edge (a ?p) (b ?w&~?v&:(< ?w ?u)&:(> (- (* (- (div ?v 1000) (div ?p 1000)) (- (mod ?w 1000) (mod ?p 1000))) (* (- (mod ?v 1000) (mod ?p 1000)) (- (div ?w 1000) (div ?p 1000)))) 0)&:(> (- (* (- (div ?w 1000) (div ?p 1000)) (- (mod ?u 1000) (mod ?p 1000))) (* (- (mod ?w 1000) (mod ?p 1000)) (- (div ?u 1000) (div ?p 1000)))) 0)) (joined FALSE))
  =>
  (assert (junction (kind fork) (block ?k) (at ?p) (left ?u) (middle ?v) (right ?w)))
  (modify ?e (joined TRUE))
  (modify ?f (joined TRUE))
  (modify ?g (joined TRUE)))
(defrule make_ell
  (stage (value detect))
  ?e <- (edge (block ?k) (a ?p) (b ?u) (joined FALSE))
  ?f <- (edge (a ?p) (b ?v&:(> ?v ?u)) (joined FALSE))
  (not (edge (a ?p) (b ~?u&~?v)))
  =>
  (assert (junction (kind ell) (block ?k) (at ?p) (left ?u) (middle 0) (right ?v)))
  (modify ?e (joined TRUE))
  (modify ?f (joined TRUE)))
(defrule done_detecting
  (declare (salience -10))
  ?s <- (stage (value detect))
  =>
  (modify ?s (value boundary)))
(defrule start_at_ell
  (stage (value boundary))
  (junction (kind ell) (block ?k) (at ?p) (left ?u) (right ?v))
  ?e <- (edge (a ?p) (b ?u))
  ?f <- (edge (a ?p) (b ?v))
  (not (junction (kind ell) (block ?k) (at ?at0&:(> ?at0 ?p))))
  (not (started (block ?k)))
  =>
  (assert (started (block ?k)))
  (modify ?e (label boundary))
  (modify ?f (label boundary)))
(defrule start_at_arrow
  (declare (salience -5))
  (stage (value boundary))
  (junction (kind arrow) (block ?k) (at ?p) (left ?u) (middle ?m) (right ?v))
  ?e <- (edge (a ?p) (b ?u))
  ?f <- (edge (a ?p) (b ?m))
  ?g <- (edge (a ?p) (b ?v))
  (not (junction (kind arrow) (block ?k) (at ?at0&:(> ?at0 ?p))))
  (not (started (block ?k)))
  =>
  (assert (started (block ?k)))
  (modify ?e (label boundary))
  (modify ?f (label plus))
  (modify ?g (label boundary)))
(defrule done_starting
  (declare (salience -10))
  ?s <- (stage (value boundary))
  =>
  (modify ?s (value labelling)))
(defrule match_edge
  (stage (value labelling))
  (edge (a ?p) (b ?q) (label ?l&~none))
  ?e <- (edge (a ?q) (b ?p) (label none))
  =>
  (modify ?e (label ?l)))
(defrule ell_left
  (stage (value labelling))
  (junction (kind ell) (at ?p) (left ?u) (right ?v))
  (edge (a ?p) (b ?u) (label plus|minus))
  ?e <- (edge (a ?p) (b ?v) (label none))
  =>
  (modify ?e (label boundary)))
(defrule ell_right
  (stage (value labelling))
  (junction (kind ell) (at ?p) (left ?u) (right ?v))
  (edge (a ?p) (b ?v) (label plus|minus))
  ?e <- (edge (a ?p) (b ?u) (label none))
  =>
  (modify ?e (label boundary)))
(defrule tee_left
  (stage (value labelling))
  (junction (kind tee) (at ?p) (left ?u))
  ?e <- (edge (a ?p) (b ?u) (label none))
  =>
  (modify ?e (label boundary)))
(defrule tee_right
  (stage (value labelling))
  (junction (kind tee) (at ?p) (right ?u))
  ?e <- (edge (a ?p) (b ?u) (label none))
  =>
  (modify ?e (label boundary)))
(defrule fork_plus
  (stage (value labelling))
  (junction (kind fork) (at ?p))
  (edge (a ?p) (b ?u) (label plus))
  ?e <- (edge (a ?p) (b ~?u) (label none))
  =>
  (modify ?e (label plus)))
(defrule fork_two_minus
  (stage (value labelling))
  (junction (kind fork) (at ?p))
  (edge (a ?p) (b ?u) (label minus))
  (edge (a ?p) (b ~?u) (label minus))
  ?e <- (edge (a ?p) (label none))
  =>
  (modify ?e (label minus)))
(defrule fork_two_boundaries
  (stage (value labelling))
  (junction (kind fork) (at ?p))
  (edge (a ?p) (b ?u) (label boundary))
  (edge (a ?p) (b ~?u) (label boundary))
  ?e <- (edge (a ?p) (label none))
  =>
  (modify ?e (label minus)))
(defrule fork_boundary_and_minus
  (stage (value labelling))
  (junction (kind fork) (at ?p))
  (edge (a ?p) (label boundary))
  (edge (a ?p) (label minus))
  ?e <- (edge (a ?p) (label none))
  =>
  (modify ?e (label boundary)))
(defrule arrow_left_boundary_shaft
  (stage (value labelling))
  (junction (kind arrow) (at ?p) (left ?u) (middle ?m))
  (edge (a ?p) (b ?u) (label boundary|minus))
  ?e <- (edge (a ?p) (b ?m) (label none))
  =>
  (modify ?e (label plus)))
(defrule arrow_right_boundary_shaft
  (stage (value labelling))
  (junction (kind arrow) (at ?p) (middle ?m) (right ?v))
  (edge (a ?p) (b ?v) (label boundary|minus))
  ?e <- (edge (a ?p) (b ?m) (label none))
  =>
  (modify ?e (label plus)))
(defrule arrow_left_to_right
  (stage (value labelling))
  (junction (kind arrow) (at ?p) (left ?u) (right ?v))
  (edge (a ?p) (b ?u) (label ?l&~none))
  ?e <- (edge (a ?p) (b ?v) (label none))
  =>
  (modify ?e (label ?l)))
(defrule arrow_right_to_left
  (stage (value labelling))
  (junction (kind arrow) (at ?p) (left ?u) (right ?v))
  (edge (a ?p) (b ?v) (label ?l&~none))
  ?e <- (edge (a ?p) (b ?u) (label none))
  =>
  (modify ?e (label ?l)))
(defrule arrow_left_plus_shaft
  (stage (value labelling))
  (junction (kind arrow) (at ?p) (left ?u) (middle ?m))
  (edge (a ?p) (b ?u) (label plus))
  ?e <- (edge (a ?p) (b ?m) (label none))
  =>
  (modify ?e (label minus)))
(defrule arrow_right_plus_shaft
  (stage (value labelling))
  (junction (kind arrow) (at ?p) (middle ?m) (right ?v))
  (edge (a ?p) (b ?v) (label plus))
  ?e <- (edge (a ?p) (b ?m) (label none))
  =>
  (modify ?e (label minus)))
(defrule arrow_minus_shaft_left
  (stage (value labelling))
  (junction (kind arrow) (at ?p) (left ?u) (middle ?m))
  (edge (a ?p) (b ?m) (label minus))
  ?e <- (edge (a ?p) (b ?u) (label none))
  =>
  (modify ?e (label plus)))
(defrule arrow_minus_shaft_right
  (stage (value labelling))
  (junction (kind arrow) (at ?p) (middle ?m) (right ?v))
  (edge (a ?p) (b ?m) (label minus))
  ?e <- (edge (a ?p) (b ?v) (label none))
  =>
  (modify ?e (label plus)))
(defrule done_labelling
  (declare (salience -10))
  ?s <- (stage (value labelling))
  =>
  (modify ?s (value plot)))
(defrule plot_labelled
  (stage (value plot))
  ?e <- (edge (label ~none) (plotted FALSE))
  =>
  (modify ?e (plotted TRUE)))
(defrule plot_unlabelled
  (stage (value plot))
  ?e <- (edge (label none) (plotted FALSE))
  =>
  (modify ?e (plotted TRUE) (label boundary)))
(defrule done_plotting
  (declare (salience -10))
  ?s <- (stage (value plot))
  =>
  (modify ?s (value done)))

;;; -*- lexical-binding: t -*-
;; Drives eglot and writes what it saw to OUT as JSON.
;; emacs --batch -l emacs.el   with SERVER (words), ROOT, FILE, CURSOR ("line column", from 1 and 0), FINDINGS, DO, RENAME, OUT.
(package-initialize)
(require 'eglot)
(require 'flymake)
(require 'json)
(require 'seq)

;; eglot asks before it changes a file that is not visited; nobody is there to answer.
(fset 'y-or-n-p (lambda (&rest _) t))
(fset 'yes-or-no-p (lambda (&rest _) t))
(setq eglot-sync-connect 30
      eglot-confirm-server-initiated-edits nil
      eglot-autoshutdown t
      enable-local-variables nil
      make-backup-files nil
      create-lockfiles nil)
;; The project of a file is where it is under version control; here nothing is.
(add-hook 'project-find-functions (lambda (_) (cons 'transient (file-name-as-directory (getenv "ROOT")))))
(add-to-list 'eglot-server-programs (cons '(python-mode sql-mode) (split-string (getenv "SERVER") " ")))

(defvar seen '())
(defun note (name value) (push (cons name value) seen))
(defun wait-until (wanted seconds)
  (let ((end (+ (float-time) seconds)))
    (while (and (not (funcall wanted)) (< (float-time) end))
      (accept-process-output nil 0.1))
    (funcall wanted)))
(defun finding-of (diagnostic)
  (let ((told (cdr (assoc 'eglot-lsp-diag (eglot--diag-data diagnostic)))))
    (format "%s: %s" (plist-get told :code)
            (buffer-substring-no-properties (flymake-diagnostic-beg diagnostic) (flymake-diagnostic-end diagnostic)))))

(condition-case problem
    (with-current-buffer (find-file-noselect (getenv "FILE"))
      (switch-to-buffer (current-buffer))
      (let ((server (apply #'eglot--connect (eglot--guess-contact)))
            (wanted (string-to-number (getenv "FINDINGS")))
            (cursor (mapcar #'string-to-number (split-string (getenv "CURSOR") " "))))
        (flymake-start)
        (unless (wait-until (lambda () (>= (length (flymake-diagnostics)) wanted)) 30)
          (error "too few findings: %S" (mapcar #'flymake-diagnostic-text (flymake-diagnostics))))
        (let ((before (length (flymake-diagnostics))))
          (note 'findings (vconcat (sort (mapcar #'finding-of (flymake-diagnostics)) #'string<)))
          (goto-char (point-min))
          (forward-line (1- (car cursor)))
          (forward-char (cadr cursor))
          (let ((hover (jsonrpc-request server :textDocument/hover (eglot--TextDocumentPositionParams))))
            (note 'hover (or (plist-get (plist-get hover :contents) :value) "")))
          (let* ((here (eglot--pos-to-lsp-position (point)))
                 (params (list :textDocument (eglot--TextDocumentIdentifier)
                               :range (list :start here :end here)
                               :context (list :diagnostics [])))
                 (actions (append (jsonrpc-request server :textDocument/codeAction params) nil)))
            (note 'actions (vconcat (mapcar (lambda (each) (plist-get each :title)) actions)))
            (when-let* ((title (getenv "DO"))
                        (action (seq-find (lambda (each) (equal (plist-get each :title) title)) actions)))
              (eglot--apply-workspace-edit (plist-get action :edit) nil)))
          (when (getenv "RENAME")
            (eglot-rename (getenv "RENAME")))
          (eglot--signal-textDocument/didChange)
          (save-some-buffers t)
          (note 'settled
                (if (and (> wanted 0) (getenv "DO") (wait-until (lambda () (< (length (flymake-diagnostics)) before)) 10)) t :json-false)))
        (eglot-shutdown server nil 5)))
  (error (note 'problem (format "%S" problem))))

(with-temp-file (getenv "OUT") (insert (json-encode (nreverse seen))))
(kill-emacs (if (assq 'problem seen) 1 0))

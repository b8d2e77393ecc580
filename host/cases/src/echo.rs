//! Is an event only the echo of our own write?

/// One entry of a ticket's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Audit<'a> {
    /// The help desk's id; ids count up.
    pub id: u64,
    /// The op id that the write carried.
    pub op_id: Option<&'a str>,
}

/// What is new in a ticket's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EchoView {
    /// Nothing since we last looked.
    NothingNew,
    /// Only our own writes.
    OnlyOurs,
    /// Somebody else's doing, or it cannot be told.
    Others,
}

/// Judges the entries newer than `seen`, the newest one that was already looked at. Entries whose op
/// id is not ours count as somebody else's: anybody may write that field.
pub fn echo(seen: Option<u64>, audits: &[Audit<'_>], is_ours: impl Fn(&str) -> bool) -> EchoView {
    let Some(seen) = seen else {
        return EchoView::Others;
    };
    // History that was cut before what we saw may hide anything.
    if audits.iter().all(|audit| audit.id > seen) && !audits.is_empty() {
        return EchoView::Others;
    }
    let mut fresh = audits.iter().filter(|audit| audit.id > seen).peekable();
    if fresh.peek().is_none() {
        return EchoView::NothingNew;
    }
    if fresh.all(|audit| audit.op_id.is_some_and(&is_ours)) {
        EchoView::OnlyOurs
    } else {
        EchoView::Others
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audit(id: u64, op_id: Option<&str>) -> Audit<'_> {
        Audit { id, op_id }
    }

    fn ours(op: &str) -> bool {
        op.starts_with("oc-")
    }

    #[test]
    fn only_our_own_new_entries_are_an_echo() {
        let history = [audit(1, None), audit(2, Some("oc-a"))];
        assert_eq!(echo(Some(1), &history, ours), EchoView::OnlyOurs);
        assert_eq!(echo(Some(2), &history, ours), EchoView::NothingNew);
        assert_eq!(echo(None, &history, ours), EchoView::Others);
    }

    #[test]
    fn somebody_elses_entry_beside_ours_is_no_echo() {
        let mixed = [audit(1, None), audit(2, Some("oc-a")), audit(3, None)];
        assert_eq!(echo(Some(1), &mixed, ours), EchoView::Others);
        let before = [audit(1, None), audit(2, None), audit(3, Some("oc-a"))];
        assert_eq!(echo(Some(1), &before, ours), EchoView::Others);
    }

    #[test]
    fn a_forged_op_id_is_no_echo() {
        let forged = [audit(1, None), audit(2, Some("xx-a"))];
        assert_eq!(echo(Some(1), &forged, ours), EchoView::Others);
    }

    #[test]
    fn history_that_was_cut_hides_what_it_hides() {
        let cut = [audit(7, Some("oc-a"))];
        assert_eq!(echo(Some(3), &cut, ours), EchoView::Others);
    }
}

//! The share of attempts that failed: counts alone punish busy hours.

use super::{counted, missing};
use crate::frame::Outcome;
use crate::report::chart::mark::{Band, Fill, Mark, Note, Scale};
use crate::report::chart::scene::Scene;
use crate::report::chart::theme::Ink;
use crate::stats::proportion_interval;

/// Below so many attempts a share does not stretch the scale: with 5 attempts one failure moves it by 20 points.
const FEW_ATTEMPTS: u32 = 5;

/// The share of attempts that failed.
pub(crate) fn bands(scene: &Scene<'_>) -> Vec<Band> {
    let seen = || scene.input.tables.attempts.iter().filter(|attempt| attempt.outcome != Outcome::Unseen);
    let tried = counted(&scene.axis, seen().map(|attempt| attempt.at));
    let failed = seen().filter(|attempt| attempt.is_service_failure());
    let failed = counted(&scene.axis, failed.map(|attempt| attempt.at));
    let mut max: f64 = 0.0;
    let mut marks: Vec<Mark> = missing(scene).collect();
    for ((bin, tried), failed) in scene.axis.bins.iter().zip(&tried).zip(&failed) {
        if *failed == 0 {
            continue;
        }
        let value = f64::from(*failed) / f64::from(*tried);
        let (lower, upper) = proportion_interval(*failed as usize, *tried as usize);
        if *tried >= FEW_ATTEMPTS {
            max = max.max(value);
        }
        marks.push(Mark::Bar { span: bin.span, value, ink: Ink::Share, fill: Fill::Pale });
        marks.push(Mark::Error { span: bin.span, lower, upper, ink: Ink::Share });
    }
    let max = [0.05, 0.10, 0.25, 0.50, 1.0].into_iter().find(|step| *step >= max).unwrap_or(1.0);
    vec![Band {
        id: "share".to_owned(),
        title: "Share of attempts that failed".to_owned(),
        notes: vec![Note::about("│", Ink::Share, "its 95% interval")],
        height: 48,
        scale: Some(Scale { max, label: format!("{:.0}%", max * 100.0) }),
        rows: Vec::new(),
        marks,
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Fault;
    use crate::report::fixture;

    #[test]
    fn wrong_passwords_are_not_the_service_s_failures() {
        let mut case = fixture::one_day();
        for attempt in &mut case.tables.attempts {
            attempt.fault = attempt.fault.map(|_| Fault::User);
        }
        let input = case.input();
        let scene = Scene::new(&input).unwrap();
        assert!(bands(&scene)[0].marks.iter().all(|mark| !matches!(mark, Mark::Bar { .. })));
    }

    #[test]
    fn a_share_of_few_attempts_has_a_wide_interval_and_stretches_no_scale() {
        let mut case = fixture::one_day();
        case.tables.attempts.truncate(3);
        case.tables.attempts[0].outcome = Outcome::Failed;
        let input = case.input();
        let scene = Scene::new(&input).unwrap();
        let band = &bands(&scene)[0];
        let value = band.marks.iter().find_map(|mark| match mark {
            Mark::Bar { value, .. } => Some(*value),
            _ => None,
        });
        let error = band.marks.iter().find_map(|mark| match mark {
            Mark::Error { lower, upper, .. } => Some((*lower, *upper)),
            _ => None,
        });
        let ((lower, upper), value) = error.zip(value).unwrap();
        assert!(lower < value && value <= upper && upper > 0.7, "{lower} {value} {upper}");
        assert_eq!(band.scale.as_ref().unwrap().label, "5%");
    }
}

//! The shapes of chance that viewers follow: waiting times, log-normal durations, popularity by rank.

use rand::{RngExt, rngs::StdRng};

/// A random source with the distributions of viewing; everything a viewer does follows from its seed.
#[derive(Debug)]
pub struct Chance(pub StdRng);

impl Chance {
    /// A number in [0, 1).
    pub fn fraction(&mut self) -> f64 {
        self.0.random()
    }

    /// True in `share` of the cases.
    pub fn happens(&mut self, share: f64) -> bool {
        self.fraction() < share
    }

    /// A whole number from `low` up to and without `high`.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        self.0.random_range(low..high.max(low + 1))
    }

    /// Waiting time for something without memory that comes every `mean_ms` on average.
    pub fn wait_ms(&mut self, mean_ms: f64) -> u64 {
        (-(1.0 - self.fraction()).ln() * mean_ms) as u64
    }

    /// A duration whose logarithm is normal: most near `median_ms`, a long tail above.
    pub fn lasting_ms(&mut self, median_ms: f64, sigma: f64) -> u64 {
        (median_ms * (sigma * self.normal()).exp()) as u64
    }

    /// One of them, each as likely.
    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.0.random_range(0..all.len())]
    }

    /// One of them, by weight.
    pub fn weighted<'a, T>(&mut self, all: &'a [(f64, T)]) -> &'a T {
        let mut left = self.fraction() * all.iter().map(|(weight, _)| weight).sum::<f64>();
        for (weight, value) in all {
            left -= weight;
            if left < 0.0 {
                return value;
            }
        }
        &all[all.len() - 1].1
    }

    /// Standard normal (Box and Muller).
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.fraction()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.fraction()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn the_shapes_are_what_they_are_called() {
        let mut chance = Chance(StdRng::seed_from_u64(7));
        let draws = 20_000;
        let mean = (0..draws).map(|_| chance.wait_ms(5000.0)).sum::<u64>() / draws;
        assert!((4800..5200).contains(&mean), "{mean}");
        let mut lasting: Vec<u64> = (0..draws).map(|_| chance.lasting_ms(900.0, 0.6)).collect();
        lasting.sort_unstable();
        let (median, p99) = (lasting[draws as usize / 2], lasting[draws as usize * 99 / 100]);
        assert!((860..940).contains(&median) && (3000..4500).contains(&p99), "{median} {p99}");
        let heavy = (0..draws).filter(|_| *chance.weighted(&[(3.0, true), (1.0, false)])).count();
        assert!((14_500..15_500).contains(&heavy), "{heavy}");
    }
}

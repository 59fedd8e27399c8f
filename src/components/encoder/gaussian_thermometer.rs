//! Thresholds at the quantiles of the normal distribution with the samples' mean and deviation.
//!
//! Threshold `i` of 1..=bits is `icdf(i / (bits + 1)) * std + mean` in float32, as in DiffLUT's
//! `GaussianThermometerEncoder`, where `std` divides by the samples less one; bit `i` is
//! `x > threshold`, strictly. Mean, deviation and quantiles are computed in float64 and rounded
//! once, where the Python library sums in float32, so thresholds may differ from its own in the
//! last bits. A single sample has the deviation 0. Fitted: `thresholds` `[features, bits]`.

use super::EncoderKind;
use super::fitted::{Formula, kind};
use super::thermometer::encoding;

/// The registry's line.
pub(in crate::components) static GAUSSIAN_THERMOMETER: EncoderKind =
    kind!(GaussianThermometer, "num_bits thresholds at the quantiles of a normal distribution");

static FORMULA: Formula = Formula {
    arrays: |config| vec![("thresholds", config.num_bits)],
    fit: |config, values| {
        let count = values.len() as f64;
        let mean = values.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
        let squares = values.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>();
        let deviation = (squares / (count - 1.0).max(1.0)).sqrt() as f32;
        let quantile = |i: usize| normal_quantile(f64::from(i as f32 / (config.num_bits as f32 + 1.0))) as f32;
        vec![(1..=config.num_bits).map(|i| quantile(i) * deviation + mean as f32).collect()]
    },
    encoding,
};

/// The `p` quantile of the standard normal distribution, 0 < p < 1.
///
/// Wichura's algorithm AS 241 (PPND16, Applied Statistics 37, 1988), relative error about 1e-16.
fn normal_quantile(p: f64) -> f64 {
    let ratio = |x: f64, top: [f64; 8], bottom: [f64; 7]| {
        let horner = |coefficients: &[f64], start: f64| coefficients.iter().rev().fold(start, |sum, c| sum * x + c);
        horner(&top, 0.0) / (horner(&bottom, 0.0) * x + 1.0)
    };
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        return q * ratio(0.180625 - q * q, CENTRE.0, CENTRE.1);
    }
    let r = (-(if q < 0.0 { p } else { 1.0 - p }).ln()).sqrt();
    let (offset, (top, bottom)) = if r <= 5.0 { (1.6, MIDDLE) } else { (5.0, TAIL) };
    ratio(r - offset, top, bottom).copysign(q)
}

type Coefficients = ([f64; 8], [f64; 7]);

const CENTRE: Coefficients = (
    [
        3.387_132_872_796_366_5,
        133.141_667_891_784_38,
        1_971.590_950_306_551_3,
        13_731.693_765_509_46,
        45_921.953_931_549_87,
        67_265.770_927_008_7,
        33_430.575_583_588_13,
        2_509.080_928_730_122_7,
    ],
    [
        42.313_330_701_600_91,
        687.187_007_492_057_9,
        5_394.196_021_424_751,
        21_213.794_301_586_597,
        39_307.895_800_092_71,
        28_729.085_735_721_943,
        5_226.495_278_852_854,
    ],
);

const MIDDLE: Coefficients = (
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        0.241_780_725_177_450_6,
        0.022_723_844_989_269_184,
        7.745_450_142_783_414e-4,
    ],
    [
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        0.689_767_334_985_1,
        0.148_103_976_427_480_08,
        0.015_198_666_563_616_457,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
);

const TAIL: Coefficients = (
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        0.296_560_571_828_504_9,
        0.026_532_189_526_576_124,
        0.001_242_660_947_388_078_4,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        0.599_832_206_555_888,
        0.136_929_880_922_735_8,
        0.014_875_361_290_850_615,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ],
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        let close = |p: f64, expected: f64| assert!((normal_quantile(p) - expected).abs() < 1e-12, "{p}");
        close(0.5, 0.0);
        close(0.975, 1.959_963_984_540_054);
        close(0.2, -0.841_621_233_572_914_4);
        close(1e-9, -5.997_807_015_007_687);
        close(0.01, -2.326_347_874_040_841);
        close(1e-15, -7.941_345_326_170_997);
    }
}

/** The two fields of BN254 (alt_bn128, EIP-196). */

/** Order r of the scalar field: public signals, salts and hashes are below it. */
export const BN254_ORDER = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
/** Order p of the base field: coordinates of points are below it. */
export const BN254_BASE = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;

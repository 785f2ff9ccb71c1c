// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/exported_operators.h"

#include <set>

namespace lsr
{
  bool
  is_pure_operator(const std::string &name)
  {
    // clang-format off
    static const std::set<std::string> pure = {
      "__and__", "__lshift__", "__or__", "__rshift__", "__xor__",
      "_adaptive_avg_pool2d", "_adaptive_avg_pool3d", "_cdist_forward",
      "_conj", "_conj_physical", "_convolution", "_fft_c2c", "_fft_c2r",
      "_fft_r2c", "_native_multi_head_attention", "_neg_view",
      "_reshape_alias", "_shape_as_tensor", "_stack", "_to_copy",
      "_transformer_encoder_layer_fwd", "_trilinear", "_unsafe_index_put",
      "_upsample_bicubic2d_aa", "_upsample_bilinear2d_aa",
      "_upsample_nearest_exact1d", "_upsample_nearest_exact2d",
      "_upsample_nearest_exact3d", "_weight_norm", "_weight_norm_interface",
      "abs", "absolute", "acos", "acosh", "adaptive_avg_pool1d",
      "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
      "adaptive_max_pool2d", "adaptive_max_pool3d", "add", "addbmm",
      "addcdiv", "addcmul", "addmm", "addmv", "addr", "adjoint",
      "affine_grid_generator", "alias", "all", "amax", "amin", "aminmax",
      "angle", "any", "arange", "arccos", "arccosh", "arcsin", "arcsinh",
      "arctan", "arctan2", "arctanh", "argmax", "argmin", "argsort",
      "as_strided", "asin", "asinh", "atan", "atan2", "atanh", "atleast_1d",
      "atleast_2d", "atleast_3d", "avg_pool1d", "avg_pool2d", "avg_pool3d",
      "baddbmm", "batch_norm", "bilinear", "bitwise_and",
      "bitwise_left_shift", "bitwise_not", "bitwise_or",
      "bitwise_right_shift", "bitwise_xor", "block_diag", "bmm",
      "broadcast_tensors", "broadcast_to", "bucketize", "cartesian_prod",
      "cat", "cdist", "ceil", "celu", "chain_matmul", "channel_shuffle",
      "chunk", "clamp", "clamp_max", "clamp_min", "clip", "clone", "col2im",
      "column_stack", "complex", "concat", "concatenate", "conj",
      "conj_physical", "constant_pad_nd", "contiguous", "conv1d", "conv2d",
      "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
      "convolution", "copy", "copysign", "corrcoef", "cos", "cosh",
      "cosine_similarity", "cov", "cross", "cummax", "cummin", "cumprod",
      "cumsum", "cumulative_trapezoid", "deg2rad", "det", "detach", "diag",
      "diag_embed", "diagflat", "diagonal", "diff", "digamma", "dist", "div",
      "divide", "dot", "dropout", "dsplit", "dstack", "einsum", "elu",
      "embedding", "empty", "empty_like", "empty_permuted", "empty_strided",
      "eq", "erf", "erfc", "erfinv", "exp", "exp2", "expand", "expand_as",
      "expm1", "eye", "fft_fft", "fft_fft2", "fft_fftfreq", "fft_fftn",
      "fft_fftshift", "fft_hfft", "fft_ifft", "fft_ifft2", "fft_ifftn",
      "fft_ifftshift", "fft_ihfft", "fft_irfft", "fft_irfft2", "fft_irfftn",
      "fft_rfft", "fft_rfft2", "fft_rfftfreq", "fft_rfftn", "fill", "flatten",
      "flip", "fliplr", "flipud", "float_power", "floor", "floor_divide",
      "fmax", "fmin", "fmod", "frac", "frobenius_norm", "full", "full_like",
      "gather", "gcd", "ge", "gelu", "ger", "glu", "gradient", "greater",
      "greater_equal", "grid_sampler", "grid_sampler_2d", "grid_sampler_3d",
      "group_norm", "gru", "gru_cell", "gt", "hardshrink", "hardsigmoid",
      "hardswish", "hardtanh", "heaviside", "hinge_embedding_loss", "hsplit",
      "hstack", "huber_loss", "hypot", "i0", "im2col", "imag", "index",
      "index_add", "index_copy", "index_fill", "index_put", "index_select",
      "inner", "instance_norm", "inverse", "isclose", "isfinite", "isin",
      "isinf", "isnan", "isneginf", "isposinf", "isreal", "kron", "kthvalue",
      "l1_loss", "layer_norm", "lcm", "ldexp", "le", "leaky_relu", "lerp",
      "less", "less_equal", "lgamma", "lift", "lift_fresh", "linalg_cholesky",
      "linalg_cross", "linalg_det", "linalg_diagonal", "linalg_eigh",
      "linalg_eigvalsh", "linalg_inv", "linalg_lu_factor", "linalg_matmul",
      "linalg_matrix_exp", "linalg_matrix_norm", "linalg_matrix_power",
      "linalg_multi_dot", "linalg_norm", "linalg_pinv", "linalg_qr",
      "linalg_slogdet", "linalg_solve", "linalg_solve_triangular",
      "linalg_svd", "linalg_svdvals", "linalg_tensorinv",
      "linalg_tensorsolve", "linalg_vander", "linalg_vecdot",
      "linalg_vector_norm", "linear", "linspace", "log", "log10", "log1p",
      "log2", "log_sigmoid", "log_softmax", "logaddexp", "logaddexp2",
      "logcumsumexp", "logdet", "logical_and", "logical_not", "logical_or",
      "logical_xor", "logit", "logspace", "logsumexp", "lstm", "lstm_cell",
      "lt", "mH", "mT", "masked_fill", "masked_scatter", "matmul", "matrix_H",
      "matrix_exp", "matrix_power", "max", "max_pool1d",
      "max_pool1d_with_indices", "max_pool2d", "max_pool2d_with_indices",
      "max_pool3d", "max_pool3d_with_indices", "maximum", "mean", "median",
      "meshgrid", "min", "minimum", "mish", "mm", "mode", "moveaxis",
      "movedim", "mse_loss", "msort", "mul", "multiply", "mv", "mvlgamma",
      "nan_to_num", "nanmean", "nanmedian", "nansum", "narrow", "ne", "neg",
      "negative", "new_empty", "new_empty_strided", "new_full", "new_ones",
      "new_zeros", "nextafter", "norm", "norm_except_dim", "not_equal",
      "nuclear_norm", "numpy_T", "one_hot", "ones", "ones_like", "outer",
      "pad", "pairwise_distance", "permute", "pixel_shuffle",
      "pixel_unshuffle", "polar", "polygamma", "positive", "pow", "prelu",
      "prod", "quantile", "rad2deg", "ravel", "real", "reciprocal",
      "reflection_pad1d", "reflection_pad2d", "reflection_pad3d", "relu",
      "relu6", "remainder", "repeat", "repeat_interleave",
      "replication_pad1d", "replication_pad2d", "replication_pad3d",
      "reshape", "reshape_as", "resolve_conj", "resolve_neg", "rms_norm",
      "rnn_relu", "rnn_relu_cell", "rnn_tanh", "rnn_tanh_cell", "roll",
      "rot90", "round", "rsqrt", "rsub", "scalar_tensor",
      "scaled_dot_product_attention", "scatter", "scatter_add",
      "scatter_reduce", "searchsorted", "select", "select_scatter", "selu",
      "sgn", "sigmoid", "sign", "signbit", "silu", "sin", "sinc", "sinh",
      "slice", "slice_scatter", "slogdet", "smooth_l1_loss", "softmax",
      "softplus", "softshrink", "sort", "special_bessel_j0",
      "special_bessel_j1", "special_digamma", "special_entr", "special_erf",
      "special_erfc", "special_erfcx", "special_erfinv", "special_exp2",
      "special_expit", "special_expm1", "special_gammaln", "special_i0",
      "special_i0e", "special_i1", "special_i1e", "special_log1p",
      "special_log_ndtr", "special_log_softmax", "special_logit",
      "special_logsumexp", "special_ndtr", "special_ndtri",
      "special_polygamma", "special_psi", "special_round", "special_sinc",
      "special_softmax", "special_xlog1py", "special_xlogy", "special_zeta",
      "split", "split_with_sizes", "sqrt", "square", "squeeze", "stack",
      "std", "std_mean", "sub", "subtract", "sum", "swapaxes", "swapdims",
      "t", "take", "take_along_dim", "tan", "tanh", "tensor_split",
      "tensordot", "threshold", "tile", "to", "topk", "trace", "transpose",
      "trapezoid", "trapz", "triangular_solve", "tril", "tril_indices",
      "triu", "triu_indices", "true_divide", "trunc", "type_as", "unbind",
      "unflatten", "unfold", "unsafe_chunk", "unsafe_split",
      "unsafe_split_with_sizes", "unsqueeze", "upsample_bicubic2d",
      "upsample_bilinear2d", "upsample_linear1d", "upsample_nearest1d",
      "upsample_nearest2d", "upsample_nearest3d", "upsample_trilinear3d",
      "vander", "var", "var_mean", "vdot", "view", "view_as",
      "view_as_complex", "view_as_real", "vsplit", "vstack", "where", "xlogy",
      "zero", "zeros", "zeros_like"};
    // clang-format on
    if (pure.count(name) > 0)
      return true;
    return !name.empty() && name.back() == '_' &&
           pure.count(name.substr(0, name.size() - 1)) > 0;
  }



  bool
  is_assertion(const std::string &name)
  {
    static const std::set<std::string> assertions = {
      "_assert_async",
      "_assert_scalar",
      "_assert_tensor_metadata",
      "sym_constrain_range",
      "sym_constrain_range_for_size"};
    return assertions.count(name) > 0;
  }
} // namespace lsr

// SPDX-License-Identifier: BSL-1.0
// cublaslt.cpp -- in: products that plans leave to a routine. out: cuBLASLt's descriptors of them, made without a GPU, say what
// knit's own kernels compute: a host multiplies by what the descriptors say.
#include <knit/backend/cuda/cublaslt.cuh>

#include "library.hpp"

namespace {

using namespace knit;
using namespace routines;

/// What cuBLASLt says of a layout or of a description.
template <class T, class Of, class What> T said(cublasStatus_t (*get)(Of, What, void*, std::size_t, std::size_t*),
                                                std::type_identity_t<Of> of, std::type_identity_t<What> what) {
  T x{};
  std::size_t written = 0;
  EXPECT_EQ(get(of, what, &x, sizeof x, &written), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(written, sizeof x);
  return x;
}
template <class T> T layout_says(cublasLtMatrixLayout_t l, cublasLtMatrixLayoutAttribute_t what) {
  return said<T>(cublasLtMatrixLayoutGetAttribute, l, what);
}
template <class T> T product_says(cublasLtMatmulDesc_t d, cublasLtMatmulDescAttributes_t what) {
  return said<T>(cublasLtMatmulDescGetAttribute, d, what);
}

/// A matrix as its layout says, column by column.
struct described {
  std::uint64_t rows, columns;
  std::int64_t leading, next;
  std::int32_t batch;
  explicit described(cublasLtMatrixLayout_t l)
      : rows(layout_says<std::uint64_t>(l, CUBLASLT_MATRIX_LAYOUT_ROWS)),
        columns(layout_says<std::uint64_t>(l, CUBLASLT_MATRIX_LAYOUT_COLS)),
        leading(layout_says<std::int64_t>(l, CUBLASLT_MATRIX_LAYOUT_LD)),
        next(layout_says<std::int64_t>(l, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET)),
        batch(layout_says<std::int32_t>(l, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT)) {
    EXPECT_EQ(layout_says<std::uint32_t>(l, CUBLASLT_MATRIX_LAYOUT_TYPE), std::uint32_t(CUDA_R_32F));
    EXPECT_EQ(layout_says<std::int32_t>(l, CUBLASLT_MATRIX_LAYOUT_ORDER), CUBLASLT_ORDER_COL);
    EXPECT_GE(leading, std::int64_t(rows));
  }
  long at(std::uint64_t row, std::uint64_t column, int i) const { return long(row) + long(column) * leading + i * next; }
};

using cuda::cublaslt_product;

/// What cublasLtMatmul does by its documentation, for alpha = 1 and beta = 0, or, where a number is given, for alpha that, beta = 1
/// and c = d.
void multiply(cublaslt_product const& p, float const* a, float const* b, float const* bias, float const* factor, float* d) {
  const described la(p.layout('a')), lb(p.layout('b')), ld(p.layout('d'));
  const bool ta = product_says<std::int32_t>(p.description(), CUBLASLT_MATMUL_DESC_TRANSA) == CUBLAS_OP_T;
  const bool tb = product_says<std::int32_t>(p.description(), CUBLASLT_MATMUL_DESC_TRANSB) == CUBLAS_OP_T;
  const auto after = product_says<std::uint32_t>(p.description(), CUBLASLT_MATMUL_DESC_EPILOGUE);
  const bool adds = after == CUBLASLT_EPILOGUE_BIAS || after == CUBLASLT_EPILOGUE_RELU_BIAS;
  const bool clips = after == CUBLASLT_EPILOGUE_RELU || after == CUBLASLT_EPILOGUE_RELU_BIAS;
  EXPECT_EQ(adds, bias != nullptr);
  EXPECT_EQ(product_says<std::int32_t>(p.description(), CUBLASLT_MATMUL_DESC_POINTER_MODE),
            factor ? CUBLASLT_POINTER_MODE_DEVICE : CUBLASLT_POINTER_MODE_HOST);
  EXPECT_TRUE(adds || clips || after == CUBLASLT_EPILOGUE_DEFAULT);
  const long bias_next = product_says<std::int64_t>(p.description(), CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE);
  const std::uint64_t terms = ta ? la.rows : la.columns;
  ASSERT_EQ(ta ? la.columns : la.rows, ld.rows);
  ASSERT_EQ(tb ? lb.rows : lb.columns, ld.columns);
  ASSERT_EQ(tb ? lb.columns : lb.rows, terms);
  ASSERT_TRUE(la.batch == ld.batch && lb.batch == ld.batch);
  for (int i = 0; i < ld.batch; ++i)
    for (std::uint64_t c = 0; c < ld.columns; ++c)
      for (std::uint64_t r = 0; r < ld.rows; ++r) {
        double sum = adds ? double(bias[long(r) + i * bias_next]) : 0;
        for (std::uint64_t k = 0; k < terms; ++k)
          sum += double(a[ta ? la.at(k, r, i) : la.at(r, k, i)]) * double(b[tb ? lb.at(c, k, i) : lb.at(k, c, i)]);
        float& to = d[ld.at(r, c, i)];
        if (factor) sum = double(to) + double(*factor) * sum;
        to = float(clips && sum < 0 ? 0 : sum);
      }
}

/// The products as cuBLASLt would do them; convolutions by their own words.
struct by_descriptors : as_described {
  template <class P> static void product(cuda::arguments<P> const& a, cuda::routine_call const& c) {
    multiply(cublaslt_product(c), cuda::read_by_routine(a, c.operand[c.product.a_operand]),
             cuda::read_by_routine(a, c.operand[1 - c.product.a_operand]), c.bias >= 0 ? cuda::read_by_routine(a, c.bias) : nullptr,
             c.factor >= 0 ? cuda::read_by_routine(a, c.factor) : nullptr, cuda::written_by_routine(a, c));
  }
};

template <class Spec> void check() {
  cuda_run::memory<Spec> own(1), library(1), before(1);
  typename cuda_on_host::template program<Spec>().run(own.leaf_addresses().data(), own.output_addresses().data());
  run_with_library<Spec, by_descriptors>(library);
  EXPECT_GT(cuda_run::distance(own, before), 0);
  EXPECT_LE(cuda_run::distance(own, library), 4e-6);
}

TEST(descriptors, of_a_layer_whose_weights_lie_in_panels) {
  static_assert(left_to_library<layer> == 1 && left_to_library<one_panel> == 1);
  check<layer>();
  check<one_panel>();
}
TEST(descriptors, of_plain_operands_turned_and_of_batches) {
  static_assert(left_to_library<transposed> == 1 && left_to_library<batch> == 1 && left_to_library<turned> == 1 &&
                left_to_library<by_columns> == 1);
  check<transposed>();
  check<batch>();
  check<turned>();
  check<by_columns>();
}
TEST(descriptors, of_derivatives) {
  static_assert(left_to_library<layer_derivatives> == 2);  // that of x sums over the rows of panels
  check<layer_derivatives>();
}
TEST(descriptors, of_a_step_of_training) {
  static_assert(left_to_library<small_sgd> >= 4 && updates_left_to_library<small_sgd> >= 1);
  check<small_sgd>();
}

TEST(cublaslt, says_that_there_is_no_gpu) {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) == cudaSuccess && devices > 0) GTEST_SKIP() << "there is a GPU here";
  try {
    cuda::make_cublaslt_handle();
    FAIL() << "a handle without a GPU";
  } catch (cuda::error const& e) {
    EXPECT_STREQ(e.what(),
                 "knit: making of a handle of cuBLASLt: cuBLASLt says CUBLAS_STATUS_NOT_INITIALIZED; there is no GPU to run on, "
                 "so train on simd_backend");
  }
}

}  // namespace

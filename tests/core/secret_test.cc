// Goal: nothing of a key remains in a masked text beyond its hint (SPEC secret/1); the hints
// themselves stand in fixtures/vectors/mask.json. Method: keys that contain, overlap and repeat.
#include "keywalk/secret.h"

#include <gtest/gtest.h>

namespace keywalk {
namespace {

TEST(SecretMaskerTest, EveryOccurrenceBecomesItsHint) {
  const SecretMasker masker({"sk-aaaaaaaaaaaaaaaaaaaa", "key-12"});
  EXPECT_EQ(masker.Mask("bad key-12, then sk-aaaaaaaaaaaaaaaaaaaa, then key-12"),
            "bad k...2, then sk-a...aaaa, then k...2");
  EXPECT_EQ(masker.Mask("nothing here"), "nothing here");
  EXPECT_EQ(masker.Mask(""), "");
}

TEST(SecretMaskerTest, ASecretThatContainsAnotherLeavesNothingBehind) {
  const SecretMasker masker({"abcdef", "xx-abcdef-yy-0123456789"});
  EXPECT_EQ(masker.Mask("<xx-abcdef-yy-0123456789>"), "<xx-a...6789>");
}

TEST(SecretMaskerTest, OverlappingSecretsAreHiddenWhole) {
  const SecretMasker masker({"abcdefgh", "efghijklmn"});
  EXPECT_EQ(masker.Mask("<abcdefghijklmn>"), "<ef...mn>");
  const SecretMasker repeating({"ababab"});
  EXPECT_EQ(repeating.Mask("<abababab>"), "<a...b>");
}

TEST(SecretMaskerTest, AHintThatHoldsAShortSecretShowsNothing) {
  const SecretMasker masker({"sk-a", "sk-a5678901234567890"});
  EXPECT_EQ(masker.Mask("<sk-a5678901234567890>"), "<...>");
}

TEST(SecretMaskerTest, AHintDoesNotCompleteASecretWithTheTextBesideIt) {
  // The longest of two overlapping secrets lends its hint, "bc...23", and "tail-" stands before it.
  const SecretMasker masker({"xxbcdefgh", "bcdefgh0123", "tail-bc"});
  EXPECT_EQ(masker.Mask("<tail-xxbcdefgh0123>"), "<tail-...>");
}

TEST(SecretMaskerTest, EmptySecretsAndNoSecretsMaskNothing) {
  EXPECT_EQ(SecretMasker({""}).Mask("text"), "text");
  EXPECT_FALSE(SecretMasker({""}).Reveals("text"));
  EXPECT_EQ(SecretMasker().Mask("text"), "text");
}

TEST(SecretMaskerTest, RevealsTellsWhetherASecretIsThere) {
  const SecretMasker masker({"secret-one", "secret-two"});
  EXPECT_TRUE(masker.Reveals("xsecret-twox"));
  EXPECT_FALSE(masker.Reveals("secret-three"));
  EXPECT_FALSE(masker.Reveals(masker.Mask("secret-one secret-twosecret-one")));
}

TEST(SecretMaskerTest, ATextThatIsCutOffInASecretIsShownUpToIt) {
  const SecretMasker masker({"abcXY", "XYZ123"});
  EXPECT_EQ(masker.ShownOfCut("text "), 5u);
  EXPECT_EQ(masker.ShownOfCut("text ab"), 5u);
  EXPECT_EQ(masker.ShownOfCut("text XYZ12"), 5u);
  EXPECT_EQ(masker.ShownOfCut("text XYZ123"), 11u) << "whole: Mask() sees it";
  EXPECT_EQ(masker.ShownOfCut("text abcXY"), 5u) << "the end begins one, what is left another";
  EXPECT_EQ(masker.ShownOfCut("a"), 0u);
  EXPECT_EQ(SecretMasker().ShownOfCut("text"), 4u);
}

}  // namespace
}  // namespace keywalk
